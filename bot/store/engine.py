"""Connects to SQLite or PostgreSQL with the settings that durability needs."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigurationError

BUSY_SECONDS = 30.0
"""How long a writer of SQLite waits for another one."""

_WAL_ATTEMPTS = 100

THREADS = 4
"""Connections that a store keeps on PostgreSQL."""


def sqlite_url(data_dir: Path) -> str:
    """The embedded database of a data directory."""
    path = str(data_dir.absolute() / "harness.sqlite")
    return URL.create("sqlite", database=path).render_as_string(hide_password=False)


def parse_url(text: str) -> URL:
    """A URL this room can open. The error does not quote it: it may hold a password."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError("HARNESS_DATABASE_URL: cannot be read as a URL") from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise ConfigurationError("HARNESS_DATABASE_URL: must be postgresql://… or sqlite:///FILE")


def create(url: URL) -> Engine:
    """An engine; SQLite's file is made first, readable by its owner only."""
    if url.drivername == "sqlite":
        return _create_sqlite(url)
    return create_engine(
        url,
        pool_size=THREADS,
        max_overflow=0,
        pool_pre_ping=True,
        # A machine that vanished must not hold a thread for the minutes TCP would wait.
        connect_args={"connect_timeout": 10, "keepalives_idle": 30, "application_name": "harness"},
    )


def prepare_file(path: Path) -> None:
    """The database holds private code: only its owner reads it (and its WAL, which inherits)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _create_sqlite(url: URL) -> Engine:
    prepare_file(Path(str(url.database)))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=THREADS)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, and not before a read.
    connection.isolation_level = None
    use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def use_wal(connection: sqlite3.Connection) -> None:
    """Two connections that switch a new file to WAL at once: one is refused without waiting."""
    for attempt in range(1, _WAL_ATTEMPTS + 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError:
            if attempt == _WAL_ATTEMPTS:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A reading transaction that turns into a writing one fails at once when somebody wrote in
    # between, however long it would be ready to wait; so writers say from the start what they are.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
