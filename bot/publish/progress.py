"""Tells in the check's title who is reading: a sink, and the task that updates the check.

At most one update every `EVERY` seconds, and only if an agent's state changed; the running times
alone are worth one every `TIMES` seconds, because GitHub counts updates. An update that fails is
made again with the next look, and costs nothing else. A check that is completed is left alone,
whoever completed it, and the task has ended before the verdict is published. Only words are sent:
an update that GitHub applies after all that takes no verdict back.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType

from bot.agents.standing import Doing, Standing, heard
from bot.clock import Clock
from bot.errors import TryLater
from bot.guard import Failed, guard
from bot.models import CheckStatus, Event, ReviewPlan, RunSummary
from bot.publish import render
from bot.publish.check import find_check
from bot.publish.publisher import CheckClient

EVERY = 15.0
TIMES = 60.0
CLOSE_SECONDS = 10.0
"""How long the end waits for an update that is under way."""


class CheckProgress:
    """Used as ``async with`` around the reading."""

    def __init__(
        self, connect: Callable[[], Awaitable[CheckClient]], plan: ReviewPlan, *, clock: Clock
    ) -> None:
        self._connect = connect
        self._plan = plan
        self._clock = clock
        self._lock = threading.Lock()
        self._rows = {agent.name: Standing() for agent in plan.agents}
        self._told: tuple[Doing, ...] = self._doing()
        self._told_at = clock.monotonic()
        self._not_before = 0.0
        self._over = False
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> CheckProgress:
        if not self._plan.dry_run:
            self._task = asyncio.create_task(self._pump(), name=f"progress {self._plan.run_id}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._closing.set()
        if self._task is None:
            return
        try:
            # An update under way is not cut off: GitHub might apply it after the verdict.
            await asyncio.wait({self._task}, timeout=CLOSE_SECONDS)
        finally:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    # ------------------------------------------------------------------ on the sinks' thread

    def agent_event(self, agent: str, event: Event) -> None:
        with self._lock:
            before = self._rows.get(agent, Standing())
            self._rows[agent] = heard(before, event, self._clock.monotonic())

    def run_finished(self, summary: RunSummary) -> None:
        """The verdict follows: there is no more progress to tell."""
        self._over = True

    # ------------------------------------------------------------------------------ on the loop

    async def _pump(self) -> None:
        while not self._over:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), EVERY)
            await self.look()

    async def look(self) -> None:
        """Update the check if there is something to tell."""
        now = self._clock.monotonic()
        doing = self._doing()
        if self._over or now < self._not_before or not self._due(doing, now):
            return
        done = await guard("progress.check", self._update(now))
        if not isinstance(done, Failed) and done:
            self._told, self._told_at = doing, now

    def _doing(self) -> tuple[Doing, ...]:
        with self._lock:
            return tuple(row.doing for row in self._rows.values())

    def _due(self, doing: tuple[Doing, ...], now: float) -> bool:
        reading = Doing.READING in doing
        return doing != self._told or (reading and now - self._told_at >= TIMES)

    async def _update(self, now: float) -> bool:
        """Whether GitHub has it."""
        plan = self._plan
        with self._lock:
            rows = [
                (agent, row.doing.value, row.seconds(now) if row.doing is Doing.READING else 0.0)
                for agent, row in self._rows.items()
            ]
        try:
            client = await self._connect()
            found = await find_check(client, plan.pull.head_sha, plan.run_id)
            if found is None or found.status == CheckStatus.COMPLETED:
                self._over = True
                return False
            if self._over:
                return False
            await client.tell_check(found.id, render.progress(rows), render.in_progress(plan)[1])
        except TryLater as later:
            self._not_before = now + later.seconds
            return False
        return True
