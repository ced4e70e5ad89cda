"""Stores deliveries durably, as many with one commit as came in during the last one.

One thread writes; the event loop hands it a batch and gathers the next one meanwhile. Nothing
waits for a timer, and the rate does not depend on how long the disk takes to flush.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from sqlalchemy import URL

from bot.clock import Clock, SystemClock
from bot.errors import TryLater
from bot.guard import Failed, guard_call
from bot.models import Delivery
from bot.store import deliveries, engine

MAX_BATCH = 200
MAX_WAITING = 10_000
MAX_AGE_SECONDS = 5.0
"""Whoever sent the delivery gives up after 10 seconds: better to say no while somebody listens."""

BUSY_SECONDS = 4.0
CHECKPOINT_PAGES = 8_000
RETRY_SECONDS = 30.0


class Table(Protocol):
    """Where batches go; used by the writer's thread only."""

    def insert(self, batch: Sequence[Delivery]) -> None:
        """All of it or nothing, on disk when it returns. Known ids are left as they are."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Waiting:
    delivery: Delivery
    since: float
    stored: asyncio.Future[None]


class DeliveryWriter:
    """`write` returns when the delivery is on disk, or raises `TryLater`."""

    def __init__(
        self,
        url: str,
        *,
        on_stored: Callable[[], None] = lambda: None,
        max_waiting: int = MAX_WAITING,
        max_age: float = MAX_AGE_SECONDS,
        table: Callable[[], Table] | None = None,
    ) -> None:
        """``on_stored`` is called on the event loop after each commit."""
        self._open_table = table or (lambda: open_table(url))
        self._on_stored = on_stored
        self._max_waiting = max_waiting
        self._max_age = max_age
        self._waiting: deque[_Waiting] = deque()
        self._writing: Sequence[_Waiting] = ()
        self._batches: SimpleQueue[Sequence[_Waiting]] = SimpleQueue()
        self._thread: Thread | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Needs the tables: open the store first."""
        self._loop = asyncio.get_running_loop()
        table = await asyncio.to_thread(self._open_table)
        self._thread = Thread(target=self._run, args=(table,), name="delivery-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Take nothing new, write what waits, end the thread; a write that hangs is left behind."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._max_age):
                await self._idle.wait()
        self._batches.put(())
        await asyncio.to_thread(thread.join, self._max_age)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def write(self, delivery: Delivery) -> None:
        """Wait until the delivery is durably stored; `TryLater` if it is not, or not in time."""
        now = self._loop.time()
        self._refuse_if_late(now)
        entry = _Waiting(delivery, now, self._loop.create_future())
        self._waiting.append(entry)
        if not self._writing:
            self._hand_over()
        if self._timer is None:
            self._timer = self._loop.call_later(self._max_age, self._expire)
        await entry.stored

    def _refuse_if_late(self, now: float) -> None:
        if self._thread is None:
            raise TryLater("harness is stopping", RETRY_SECONDS)
        if len(self._waiting) >= self._max_waiting:
            raise TryLater("too many deliveries wait to be stored", RETRY_SECONDS)
        if self._writing and now - self._writing[0].since > self._max_age:
            raise TryLater("the database takes too long", RETRY_SECONDS)

    def _hand_over(self) -> None:
        self._writing = tuple(islice(self._waiting, MAX_BATCH))
        for _ in self._writing:
            self._waiting.popleft()
        if self._writing:
            self._idle.clear()
            self._batches.put(self._writing)
        else:
            self._idle.set()

    def _run(self, table: Table) -> None:
        while batch := self._batches.get():
            rows = [entry.delivery for entry in batch]
            done = guard_call("webhook.store", lambda rows=rows: table.insert(rows))  # type: ignore[misc]  # bound at once
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._finish, done)
        guard_call("webhook.close", table.close)

    def _finish(self, done: Failed | None) -> None:
        for entry in self._writing:
            if entry.stored.done():  # expired, or its client is gone
                continue
            if done is None:
                entry.stored.set_result(None)
            else:  # the reason is in the log; the sender need not know how the database is reached
                entry.stored.set_exception(TryLater("the database refused it", RETRY_SECONDS))
        self._hand_over()
        if done is None:
            self._on_stored()

    def _expire(self) -> None:
        """A write that hangs must not hang those who wait for it."""
        self._timer = None
        oldest_allowed = self._loop.time() - self._max_age
        for entry in self._writing:
            self._give_up(entry, oldest_allowed)
        while self._waiting and self._give_up(self._waiting[0], oldest_allowed):
            self._waiting.popleft()
        left = next((e for e in chain(self._writing, self._waiting) if not e.stored.done()), None)
        if left is not None:
            self._timer = self._loop.call_at(left.since + self._max_age, self._expire)

    @staticmethod
    def _give_up(entry: _Waiting, oldest_allowed: float) -> bool:
        if entry.since > oldest_allowed:
            return False
        if not entry.stored.done():
            entry.stored.set_exception(TryLater("the database takes too long", RETRY_SECONDS))
        return True


def open_table(url: str, clock: Clock | None = None) -> Table:
    """The ``deliveries`` table of whichever database this is."""
    parsed = engine.parse_url(url)
    if parsed.drivername == "sqlite":
        return SqliteTable(Path(str(parsed.database)), clock or SystemClock())
    return PostgresTable(parsed, clock or SystemClock())


class SqliteTable:
    """A connection of its own, past SQLAlchemy: one statement, one flush for each batch."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # the statement is the transaction
            check_same_thread=False,  # opened by one thread, used by another
            cached_statements=MAX_BATCH + 10,
        )
        engine.use_wal(self._connection)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}").fetchall()

    def insert(self, batch: Sequence[Delivery]) -> None:
        rows = [
            deliveries.sqlite_row(d, (d.received_at or self._clock.now()).astimezone(UTC))
            for d in batch
        ]
        self._connection.execute(
            deliveries.SQLITE_INSERT + ",".join([deliveries.SQLITE_PLACEHOLDERS] * len(rows)),
            tuple(chain.from_iterable(rows)),
        )

    def close(self) -> None:
        self._connection.close()


class PostgresTable:
    """A pooled connection that is checked before use: the database may have been restarted."""

    def __init__(self, url: URL, clock: Clock) -> None:
        self._clock = clock
        self._engine = engine.create(url)

    def insert(self, batch: Sequence[Delivery]) -> None:
        with self._engine.begin() as connection:
            deliveries.add(connection, batch, self._clock.now())

    def close(self) -> None:
        self._engine.dispose()
