"""Keeps jobs from being stranded: one loop of beats in every process.

Each beat says that this process lives, declares silent ones dead, lets their jobs start again
(here or elsewhere, whoever is faster: it is conditional), notices jobs that were cancelled or
taken over elsewhere, and jobs that are recorded as running here but do not. Every part is done
again at each beat and none relies on having worked the last time. With SQLite there is one
process, so only the parts about this one matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dbos import DBOS

from bot.clock import Clock
from bot.guard import Failed, guard
from bot.ids import random_id
from bot.jobs.database import Database
from bot.jobs.executions import Ending, Executions
from bot.jobs.launch import requeue
from bot.log import logger

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """``beat`` seconds between beats; ``dead_after`` seconds of silence a process is dead."""

    beat: float = 1.0
    dead_after: float = 10.0


class Fleet:
    """This process among the others."""

    def __init__(
        self,
        database: Database,
        executions: Executions,
        *,
        executor_id: str,
        knows: Callable[[str], bool],
        clock: Clock,
        pulse: Pulse,
    ) -> None:
        self._database = database
        self._executions = executions
        self._executor_id = executor_id
        self._instance = random_id("i")
        self._knows = knows
        self._clock = clock
        self._pulse = pulse
        self._idle: set[str] = set()
        self._well_since = clock.monotonic()

    async def join(self) -> None:
        """Before the engine starts."""
        await self._database.register(self._executor_id, self._instance)

    async def leave(self) -> None:
        """After it stopped: the others need not wait until we are silent for long."""
        await guard("fleet.leave", self._database.leave(self._executor_id, self._instance))

    async def run(self, also: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled. ``also`` is other housekeeping, done after each beat."""
        while True:
            if isinstance(await guard("fleet.beat", self.beat()), Failed):
                # Whoever could not beat cannot tell who is dead: after an outage all were silent.
                self._well_since = self._clock.monotonic()
            await guard("fleet.housekeeping", also())
            await asyncio.sleep(self._pulse.beat)

    async def beat(self) -> None:
        if not self._database.is_sqlite:
            await self._say_alive()
            await self._bury_silent()
        for job_id, executor_id in await self._database.orphans():
            if await requeue(job_id, executor_id):
                _log.warning("job.taken_over", job=job_id, from_executor=executor_id)
        await self._end_lost()
        await self._restart_idle()

    async def _say_alive(self) -> None:
        if await self._database.beat(self._executor_id, self._instance):
            return
        _log.error("fleet.declared_dead", executor=self._executor_id)
        self._executions.end(self._executions.job_ids(), Ending.LOST)
        await self.join()

    async def _bury_silent(self) -> None:
        if self._clock.monotonic() - self._well_since > self._pulse.dead_after:
            dead = await self._database.bury(self._pulse.dead_after)
            if dead:
                _log.warning("fleet.buried", processes=dead)

    async def _end_lost(self) -> None:
        """Jobs that another process cancelled, or runs itself by now."""
        running = self._executions.job_ids()
        owners = await self._database.owners(running) if running else {}
        cancelled = {j for j, (status, _) in owners.items() if status == "CANCELLED"}
        mine = {j for j, owner in owners.items() if owner == ("PENDING", self._executor_id)}
        self._executions.end(cancelled, Ending.CANCELLED)
        # A job that ended between the two looks is gone from here, or about to go.
        ended = {j for j, (status, _) in owners.items() if status in ("SUCCESS", "ERROR")}
        self._executions.end(set(owners) - mine - cancelled - ended, Ending.LOST)

    async def _restart_idle(self) -> None:
        """Recorded as running here, seen twice, and not running: it failed to start."""
        recorded = await self._database.running_on(self._executor_id)
        idle = set(recorded) - self._executions.job_ids()
        for job_id in idle & self._idle:
            if self._knows(recorded[job_id]) or not self._database.is_sqlite:
                _log.warning("job.restarted", job=job_id)
                await requeue(job_id, self._executor_id)
            else:
                _log.error("job.unknown_recipe", job=job_id, recipe=recorded[job_id])
                await DBOS.cancel_workflows_async([job_id])
        self._idle = idle
