"""``python -m bot.store.migrate``: reads a database URL on standard input and migrates it."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from bot.errors import ConfigurationError
from bot.store import engine, schema


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate in one transaction; a second process waits and finds nothing to do."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    # Alembic splits several locations on a separator; there is one, whatever its path holds.
    config.set_main_option("path_separator", "newline")
    database = engine.create(engine.parse_url(url))
    try:
        with database.execution_options(writes=True).begin() as connection:
            schema.lock(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        database.dispose()


def main() -> int:
    try:
        upgrade(sys.stdin.read().strip())
    except (CommandError, ConfigurationError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DBAPIError as error:
        # Its first line is the database's own; the rest is the statement.
        sys.stderr.write(f"{str(error.orig).splitlines()[0]}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
