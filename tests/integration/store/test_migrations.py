"""The migrations build what `tables` says, and a store brings any database there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import bot.store
from bot.errors import ConfigurationError
from bot.store import Store, engine, migrate, sqlite_url
from bot.store.tables import REVISION, metadata


def differences(url: str) -> list[object]:
    database = engine.create(engine.parse_url(url))
    try:
        with database.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            return list(compare_metadata(context, metadata))
    finally:
        database.dispose()


def constraints(url: str) -> dict[str, object]:
    """What the comparison above does not look at: primary and foreign keys with their names."""
    database = engine.create(engine.parse_url(url))
    try:
        inspector = sa.inspect(database)
        return {
            table: (
                inspector.get_pk_constraint(table),
                sorted(inspector.get_foreign_keys(table), key=lambda key: str(key["name"])),
                # As text: an index's condition is a clause, which equals nothing but itself.
                sorted(map(str, map(_plain_index, inspector.get_indexes(table)))),
                sorted(inspector.get_unique_constraints(table), key=lambda key: str(key["name"])),
                [(column["name"], str(column["type"])) for column in inspector.get_columns(table)],
            )
            for table in inspector.get_table_names()
        }
    finally:
        database.dispose()


def _plain_index(index: sa.engine.interfaces.ReflectedIndex) -> list[tuple[str, str]]:
    options = index.get("dialect_options", {})
    return sorted(
        (key, str(value)) for key, value in {**index, "dialect_options": "", **options}.items()
    )


def test_migrations_build_the_tables(store_url: str) -> None:
    migrate.upgrade(store_url)
    assert differences(store_url) == []


async def test_a_new_database_is_what_migrations_build(store_url: str, other_url: str) -> None:
    migrate.upgrade(store_url)
    await (await Store.open(other_url)).close()
    assert constraints(other_url) == constraints(store_url)
    assert differences(other_url) == []


def test_the_comparison_sees_a_difference(store_url: str) -> None:
    migrate.upgrade(store_url)
    database = engine.create(engine.parse_url(store_url))
    with database.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("ALTER TABLE runs ADD COLUMN forgotten TEXT"))
    database.dispose()
    assert differences(store_url) != []


def test_the_revision_of_the_tables_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(bot.store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


async def test_an_old_database_is_migrated_by_a_child(tmp_path: Path) -> None:
    """Revision "nothing": what Alembic leaves after going back behind the first migration."""
    url = sqlite_url(tmp_path)
    with sqlite3.connect(tmp_path / "harness.sqlite") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.close()
    store = await Store.open(url)
    await store.put_blob("key", b"data")
    assert await store.get_blob("key") == b"data"
    await store.close()
    assert differences(url) == []


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    await (await Store.open(url)).close()
    with sqlite3.connect(tmp_path / "harness.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(ConfigurationError, match=r"could not be migrated: .*9999"):
        await Store.open(url)


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "harness.sqlite") as connection:
        connection.execute("CREATE TABLE deliveries (parcel TEXT)")
    connection.close()
    with pytest.raises(ConfigurationError, match="tables of another program"):
        await Store.open(sqlite_url(tmp_path))


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/db", "not a url", "sqlite://", "sqlite:///:memory:"]
)
async def test_what_cannot_be_opened_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="HARNESS_DATABASE_URL") as refused:
        await Store.open(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mona:secret@127.0.0.1:1/harness",
        "sqlite:///{tmp}/text",
        "sqlite:///{tmp}/text/below/a/file.sqlite",
    ],
)
async def test_what_does_not_open_is_told_in_one_line(tmp_path: Path, url: str) -> None:
    (tmp_path / "text").write_text("this is not a database, and long enough to be seen as none")
    told = r"the database (cannot be opened: |.* is damaged \(file is not a database\))"
    with pytest.raises(ConfigurationError, match=told) as refused:
        await Store.open(url.format(tmp=tmp_path))
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_opening_needs_no_alembic(tmp_path: Path) -> None:
    """A running server must not carry it in memory."""
    import asyncio
    import sys

    program = (
        "import asyncio, sys\n"
        "from bot.store import Store\n"
        f"asyncio.run(Store.open({sqlite_url(tmp_path)!r}))\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=Path(bot.store.__file__).parents[2]
    )
    assert await child.wait() == 0


def test_sqlite_files_are_the_owners_only(tmp_path: Path) -> None:
    database = engine.create(engine.parse_url(sqlite_url(tmp_path / "data")))
    with database.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (x)"))
        modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    database.dispose()
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_sqlite_is_durable_and_strict(tmp_path: Path, pragma: str, value: object) -> None:
    database = engine.create(engine.parse_url(sqlite_url(tmp_path)))
    with database.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
    database.dispose()
