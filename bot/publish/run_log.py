"""Writes a run's events to the store while it runs: a sink, and the task that carries them over.

Sinks are called on a thread of their own, the store is asynchronous: what is heard goes into a
bounded queue, and one task of the loop takes it from there in batches. A store that is slow or
fails costs events, which are counted and told, and never holds up an agent.
What of the events is kept is the matter of `bot.publish.account`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from bot.clock import Clock
from bot.guard import Failed, guard
from bot.log import logger
from bot.models import Event, LoggedEvent, RunError, RunSummary, Started
from bot.publish.account import Account, size

MAX_WAITING = 20_000
MAX_WAITING_CHARACTERS = 16 * 1024 * 1024
BATCH = 500
PAUSE = 0.2
"""Seconds between batches: more events in one transaction, and pages are live enough."""
ATTEMPTS = 3
CLOSE_SECONDS = 10.0

_log = logger(__name__)


class EventStore(Protocol):
    """The part of `bot.store.Store` that a run log needs."""

    async def add_events(
        self, run_id: str, batch: Sequence[LoggedEvent], restarted: Sequence[str] = ()
    ) -> None: ...


class RunLog:
    """Used as ``async with``; what is queued when it ends is given some seconds to be written."""

    def __init__(
        self,
        store: EventStore,
        run_id: str,
        *,
        clock: Clock,
        secrets: Sequence[str] = (),
        pause: float = PAUSE,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._secrets = secrets
        self._pause = pause
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        self._queue: list[LoggedEvent] = []
        self._characters = 0
        self._restarted: set[str] = set()
        self._lost: Counter[str] = Counter()
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RunLog:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._carry(), name=f"run log {self._run_id}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = self._task
        if task is None:
            return
        self._closing = True
        self._changed.set()
        try:
            await asyncio.wait({task}, timeout=CLOSE_SECONDS)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._tell_lost()

    # ------------------------------------------------------------------ on the sinks' thread

    def agent_event(self, agent: str, event: Event) -> None:
        with self._lock:
            if agent not in self._accounts or isinstance(event, Started):
                self._begin(agent)
            for kept in self._accounts[agent].heard(event):
                self._put(agent, kept)
        self._wake()

    def run_finished(self, summary: RunSummary) -> None:
        with self._lock:
            for agent, account in self._accounts.items():
                for kept in account.closed():
                    self._put(agent, kept)
        self._wake()

    def _begin(self, agent: str) -> None:
        """Of an earlier attempt, cut off or repeated, nothing stays."""
        self._accounts[agent] = Account(self._secrets)
        self._restarted.add(agent)
        self._queue = [logged for logged in self._queue if logged.agent != agent]

    def _put(self, agent: str, event: Event) -> None:
        full = len(self._queue) >= MAX_WAITING or self._characters >= MAX_WAITING_CHARACTERS
        if full:
            self._lost[agent] += 1
            return
        self._characters += size(event)
        self._queue.append(LoggedEvent(agent=agent, at=self._clock.now(), event=event))

    def _wake(self) -> None:
        if self._loop is not None:
            # The loop may have ended before the last event of a sink that was very late.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._changed.set)

    # ------------------------------------------------------------------------------ on the loop

    async def _carry(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            while await self._write_some():
                pass
            if self._closing:
                return
            await asyncio.sleep(self._pause)

    async def _write_some(self) -> bool:
        """One batch; whether there was anything to write."""
        with self._lock:
            batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
            self._characters = sum(size(logged.event) for logged in self._queue)
            restarted, self._restarted = sorted(self._restarted), set()
            lost, self._lost = self._lost, Counter()
        told = self._missing(lost)
        if not batch and not told and not restarted:
            return False
        for attempt in range(1, ATTEMPTS + 1):
            if attempt > 1:
                await asyncio.sleep(self._pause * 5)
            writing = self._store.add_events(self._run_id, [*batch, *told], restarted)
            if not isinstance(await guard("run_log.write", writing), Failed):
                return True
        _log.warning("run_log.not_stored", run=self._run_id, events=len(batch))
        with self._lock:
            self._lost.update(logged.agent for logged in batch)
            self._lost.update(lost)
            self._restarted.update(restarted)
        return False

    def _missing(self, lost: Counter[str]) -> list[LoggedEvent]:
        """What did not get through before is told as soon as something does again."""
        return [
            LoggedEvent(
                agent=agent,
                at=self._clock.now(),
                event=RunError(message=f"{count:,} events could not be stored", warning=True),
            )
            for agent, count in lost.items()
        ]

    def _tell_lost(self) -> None:
        if self._lost:
            _log.warning("run_log.lost", run=self._run_id, events=dict(self._lost))
