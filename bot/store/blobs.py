"""Large values that a durable step's record may not hold; the step keeps the key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from bot.store.tables import blobs
from bot.store.types import escape
from bot.store.upsert import insert


def put(connection: Connection, key: str, data: bytes, now: datetime) -> None:
    """Create or replace."""
    statement = insert(connection, blobs).values(key=key, data=data, created_at=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={"data": statement.excluded.data, "created_at": statement.excluded.created_at},
        )
    )


def get(connection: Connection, key: str) -> bytes | None:
    return connection.execute(select(blobs.c.data).where(blobs.c.key == key)).scalar_one_or_none()


def delete_all(connection: Connection, prefix: str) -> int:
    """Every key that starts with ``prefix``; returns how many."""
    # Not LIKE: on SQLite it takes capitals for small letters.
    start = escape(prefix)
    matches = func.substr(blobs.c.key, 1, len(start)) == start
    return connection.execute(delete(blobs).where(matches)).rowcount
