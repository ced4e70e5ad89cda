"""Hands stored deliveries to handlers, and the jobs they ask for to the engine.

A delivery is marked only after its jobs are in the engine, and a job's id is made of the
delivery's: a crash in between neither loses nor doubles anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from bot.clock import Clock, SystemClock
from bot.guard import Failed, guard, guard_call
from bot.handlers.handler import Handler
from bot.log import bound, logger
from bot.models import Delivery, Job
from bot.store import Store

BATCH = 200
IDLE_SECONDS = 5.0
"""How long a wake-up that was missed can delay a delivery (another process may have stored it)."""
RETRY_SECONDS = 1.0
KEPT = timedelta(days=30)
"""How long deliveries stay: far longer than GitHub lets anybody redeliver them (3 days)."""
TIDY_SECONDS = 3600.0

_log = logger(__name__)


class Queue(Protocol):
    """The part of the engine that a worker needs."""

    async def enqueue(self, job_id: str, job: Job) -> None: ...


class Worker:
    """One loop; `wake` tells it that something was stored."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        handlers: Mapping[str, Handler],
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._tidied_at: float | None = None
        self._queue = queue
        self._handlers = handlers
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. What cannot be stored or enqueued now is tried again."""
        while True:
            done = await guard("worker.dispatch", self._dispatch_pending())
            if isinstance(done, Failed):
                await asyncio.sleep(RETRY_SECONDS)
            elif not done:
                await guard("worker.tidy", self._tidy())
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _tidy(self) -> None:
        """Now and then: deliveries hold comments, and are not kept for ever."""
        now = self._clock.monotonic()
        if self._tidied_at is None or now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            await self._store.forget_deliveries(self._clock.now() - KEPT)

    async def _dispatch_pending(self) -> int:
        deliveries = await self._store.pending_deliveries(BATCH)
        for delivery in deliveries:
            with bound(delivery=delivery.id, event_name=delivery.event, action=delivery.action):
                await self._dispatch(delivery)
        return len(deliveries)

    async def _dispatch(self, delivery: Delivery) -> None:
        jobs, error = self._jobs(delivery)
        names = [f"{delivery.id}:{index}" for index in range(len(jobs))]
        for name, job in zip(names, jobs, strict=True):
            await self._queue.enqueue(name, job)
        await self._store.mark_dispatched(delivery.id, names, error)
        _log.info("delivery.dispatched", jobs=len(jobs))

    def _jobs(self, delivery: Delivery) -> tuple[list[Job], str]:
        """A delivery that its handler cannot read costs only itself."""
        handler = self._handlers.get(delivery.event)
        if handler is None:
            return [], ""
        if delivery.get("installation.id") is None:
            # A webhook of a repository or an organization: it comes with no access to anything.
            _log.info("delivery.without_installation")
            return [], ""
        jobs = guard_call(f"handler.{handler.name}", lambda: handler.jobs(delivery))
        if isinstance(jobs, Failed):
            return [], jobs.reason
        return jobs, ""
