"""Stored deliveries: what came in, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select, update

from bot.models import Delivery, StoredDelivery
from bot.store.tables import deliveries
from bot.store.types import dump_json, escape
from bot.store.upsert import insert

COLUMNS = ("id", "event", "action", "fields", "received_at")

SQLITE_INSERT = f"INSERT OR IGNORE INTO deliveries ({', '.join(COLUMNS)}) VALUES "  # noqa: S608  # constants
"""For the front door, which writes thousands a second past SQLAlchemy; see `sqlite_row`."""

SQLITE_PLACEHOLDERS = f"({', '.join('?' * len(COLUMNS))})"


def sqlite_row(delivery: Delivery, received_at: datetime) -> tuple[str, ...]:
    """The values as SQLAlchemy would write them. ``received_at`` must be UTC."""
    return (
        escape(delivery.id),
        escape(delivery.event),
        escape(delivery.action),
        dump_json(delivery.fields),
        received_at.isoformat(" ", "microseconds")[:26],  # without the "+00:00"
    )


def add(connection: Connection, batch: Sequence[Delivery], now: datetime) -> None:
    """Known ids are left as they are."""
    if not batch:
        return
    statement = insert(connection, deliveries).on_conflict_do_nothing()
    connection.execute(
        statement,
        [
            {
                "id": delivery.id,
                "event": delivery.event,
                "action": delivery.action,
                "fields": dict(delivery.fields),
                "received_at": delivery.received_at or now,
            }
            for delivery in batch
        ],
    )


def pending(connection: Connection, limit: int) -> list[Delivery]:
    """Not yet dispatched, in the order of arrival."""
    query = (
        select(deliveries)
        .where(deliveries.c.dispatched_at.is_(None))
        .order_by(deliveries.c.seq)
        .limit(limit)
    )
    return [_delivery(row) for row in connection.execute(query).mappings()]


def mark_dispatched(
    connection: Connection, delivery_id: str, jobs: Sequence[str], error: str, now: datetime
) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(dispatched_at=now, jobs=list(jobs), error=error)
    )


def find(connection: Connection, delivery_id: str) -> StoredDelivery | None:
    query = select(deliveries).where(deliveries.c.id == delivery_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return StoredDelivery(
        id=row["id"],
        event=row["event"],
        action=row["action"],
        received_at=row["received_at"],
        dispatched_at=row["dispatched_at"],
        jobs=tuple(row["jobs"] or ()),
        error=row["error"] or "",
    )


def forget_dispatched(connection: Connection, before: datetime) -> int:
    """Drop dispatched deliveries that arrived before a moment; returns how many."""
    return connection.execute(
        delete(deliveries).where(
            deliveries.c.dispatched_at.is_not(None), deliveries.c.received_at < before
        )
    ).rowcount


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        event=row["event"],
        action=row["action"],
        fields=row["fields"],
        received_at=row["received_at"],
    )
