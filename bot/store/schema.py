"""Brings a database to the schema that this version needs.

An empty database gets the tables at once. Only an older one needs Alembic, in a short-lived child:
a running ``serve`` never has it in memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, inspect, text

import bot
from bot.errors import ConfigurationError
from bot.process import Command, run
from bot.store.tables import REVISION, metadata

MIGRATION_SECONDS = 600.0

_LOCK = 0x6861726E657373  # "harness": one process creates or migrates at a time


def lock(connection: Connection) -> None:
    """Wait until no other process creates or migrates; ends with the transaction."""
    # SQLite needs nothing: a writing transaction is alone from its BEGIN IMMEDIATE on.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def create_or_check(engine: Engine) -> bool:
    """True if the schema is current (an empty database becomes so), False if it must migrate."""
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version") and _revision(connection) == REVISION:
            return True
    with engine.execution_options(writes=True).begin() as connection:
        lock(connection)
        inspector = inspect(connection)
        if inspector.has_table("alembic_version"):
            return _revision(connection) == REVISION
        if inspector.has_table("deliveries"):
            raise ConfigurationError("the database holds tables of another program")
        metadata.create_all(connection, checkfirst=False)
        connection.execute(
            text(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
                " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
        )
        connection.execute(
            text("INSERT INTO alembic_version (version_num) VALUES (:revision)"),
            {"revision": REVISION},
        )
        return True


async def migrate(url: URL) -> None:
    """Run the migrations in a child process; `ConfigurationError` says why it could not."""
    root = str(Path(bot.__file__).parent.parent)
    done = await run(
        Command(
            argv=(sys.executable, "-m", "bot.store.migrate"),
            env={"PYTHONPATH": root, "PYTHONUTF8": "1"},
            # Not an argument: the URL may hold a password, and arguments are public.
            stdin=url.render_as_string(hide_password=False).encode(),
        ),
        timeout=MIGRATION_SECONDS,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        raise ConfigurationError(f"the database could not be migrated: {reason[0]}")


def _revision(connection: Connection) -> str | None:
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return str(found[0]) if found else None
