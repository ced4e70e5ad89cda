"""The events of runs, in the order in which they were stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from bot.models import LoggedEvent
from bot.store.records import plain_event, read_event
from bot.store.tables import run_events


def add(
    connection: Connection, run_id: str, events: Sequence[LoggedEvent], restarted: Iterable[str]
) -> None:
    """``restarted`` agents begin anew: what an earlier attempt of theirs left is dropped first."""
    names = sorted(set(restarted))
    if names:
        connection.execute(
            delete(run_events).where(run_events.c.run_id == run_id, run_events.c.agent.in_(names))
        )
    if events:
        connection.execute(
            run_events.insert(),
            [
                {
                    "run_id": run_id,
                    "agent": logged.agent,
                    "at": logged.at,
                    "event": plain_event(logged.event),
                }
                for logged in events
            ],
        )


def after(connection: Connection, run_id: str, seq: int, limit: int) -> list[LoggedEvent]:
    """At most ``limit`` events that follow the one numbered ``seq``; 0 is the beginning."""
    query = (
        select(run_events)
        .where(run_events.c.run_id == run_id, run_events.c.seq > seq)
        .order_by(run_events.c.seq)
        .limit(limit)
    )
    return [
        LoggedEvent(
            seq=row["seq"], agent=row["agent"], at=row["at"], event=read_event(row["event"])
        )
        for row in connection.execute(query).mappings()
    ]
