"""The port to the durable engine: jobs go in, recipes run, and what became of them comes out.

Jobs of one key run one after the other, ``max_runs`` in all in this process. A job that supersedes
first ends older jobs of its key and recipe, waiting or running; one that cancels ends all older
jobs of its key. Its recipe starts when their code has really stopped: the engine frees its own
place at once when it cancels, so a row of ours says whose code runs for a key (`bot.jobs.run`).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from dbos import DBOS, StepInfo, WorkflowStatus

from bot.clock import Clock
from bot.errors import ConfigurationError
from bot.jobs import launch
from bot.jobs.database import Database, LiveJob
from bot.jobs.dbos_serializer import Outcome
from bot.jobs.errors import UnexpectedError
from bot.jobs.executions import Ending, Executions
from bot.jobs.fleet import Fleet, Pulse
from bot.jobs.patience import Patience
from bot.jobs.recipes import HOUSE, Cookbook
from bot.jobs.run import Runs
from bot.jobs.serializer import decode, printable
from bot.jobs.slots import slot
from bot.jobs.status import JobStatus, StepStatus
from bot.jobs.step import BlobStore, Postponed, Raised
from bot.log import logger
from bot.models import Job, RunState

T = TypeVar("T")

POLL = 0.15
"""Seconds between looks: for waiting jobs, for a key to become free, for a job to end."""

STOP_SECONDS = 30.0
PURGE_SECONDS = 3600.0
PURGE_BATCH = 200

_STATES = {
    "ENQUEUED": RunState.WAITING,
    "DELAYED": RunState.WAITING,
    "PENDING": RunState.RUNNING,
    "SUCCESS": RunState.FINISHED,
    "CANCELLED": RunState.CANCELLED,
    "ERROR": RunState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": RunState.FAILED,
}
_ENDED = [
    name for name, state in _STATES.items() if state not in (RunState.WAITING, RunState.RUNNING)
]

_log = logger(__name__)


class Engine:
    """One per process. SQLite in ``data_dir``, or PostgreSQL, with the same code."""

    def __init__(
        self,
        *,
        data_dir: Path,
        store: BlobStore,
        max_runs: int,
        clock: Clock,
        database_url: str = "",
        executor_id: str | None = None,
        poll: float = POLL,
        cookbook: Cookbook = HOUSE,
        patience: Patience | None = None,
        pulse: Pulse | None = None,
        keep_days: float = 30.0,
    ) -> None:
        self._database_url = database_url
        self._data_dir = data_dir
        self._store = store
        self._max_runs = max_runs
        self._clock = clock
        self._executor_id = executor_id
        self._poll = poll
        self._cookbook = cookbook
        self._patience = patience or Patience()
        self._pulse = pulse or Pulse()
        self._keep = timedelta(days=keep_days)
        self._executions = Executions()
        self._stack = AsyncExitStack()
        self._database: Database | None = None
        self._purged_at: float | None = None

    # ------------------------------------------------------------------------ start and stop

    async def start(self, services: Any) -> None:
        """Bind the recipes to ``services`` and start; jobs that were cut off go on."""
        if launch.is_launched():
            raise ConfigurationError("an engine is running in this process already")
        async with AsyncExitStack() as stack:
            database = Database(self._database_url, self._data_dir)
            name = stack.enter_context(slot(self._data_dir, alone=database.is_sqlite))
            await database.open()
            stack.push_async_callback(database.close)
            await self._start(stack, services, database, self._executor_id or name)
            self._database = database
            self._stack = stack.pop_all()

    async def _start(
        self, stack: AsyncExitStack, services: Any, database: Database, executor_id: str
    ) -> None:
        runs = Runs(
            services,
            database,
            self._executions,
            blobs=self._store,
            executor_id=executor_id,
            clock=self._clock,
            patience=self._patience,
            poll=self._poll,
        )
        fleet = Fleet(
            database,
            self._executions,
            executor_id=executor_id,
            knows=self._cookbook.knows,
            clock=self._clock,
            pulse=self._pulse,
        )
        await fleet.join()
        stack.push_async_callback(fleet.leave)
        stack.push_async_callback(launch.land)
        await launch.launch(
            database.url,
            {recipe.full_name: runs.workflow(recipe) for recipe in self._cookbook.all()},
            executor_id=executor_id,
            max_runs=self._max_runs,
            poll=self._poll,
        )
        stack.push_async_callback(self._halt, runs)
        beats = asyncio.create_task(fleet.run(self._purge_now_and_then), name="jobs-fleet")
        stack.push_async_callback(_cancelled, beats)
        _log.info("engine.started", executor=executor_id, database=database.url.get_backend_name())

    async def stop(self) -> None:
        """End what runs here, without a word: it goes on after the next start, or elsewhere."""
        self._database = None
        await self._stack.aclose()

    async def _halt(self, runs: Runs) -> None:
        runs.stopping = True
        self._executions.end(self._executions.job_ids(), Ending.STOPPING)
        if not await self._executions.drained(STOP_SECONDS):
            _log.error("engine.stop_slow", jobs=sorted(self._executions.job_ids()))

    # ---------------------------------------------------------------------------------- jobs

    async def enqueue(self, job_id: str, job: Job) -> None:
        """Once for each id, however often it is asked for."""
        recipe = self._cookbook.newest(job.recipe)
        key = printable(job.key) or job_id
        older: list[LiveJob] = []
        ends = job.supersedes or job.cancels
        if ends and job_id not in await self._running.owners([job_id]):
            older = await self._running.live_jobs(key)
        await _outside(launch.enqueue(job_id, recipe.full_name, key, job.request))
        if ends:
            await self._end_older(job_id, key, older, "" if job.cancels else job.recipe)

    async def _end_older(self, job_id: str, key: str, older: list[LiveJob], recipe: str) -> None:
        """Those that were there before, and those another process put in a moment earlier."""
        live = {job.job_id: job for job in await self._running.live_jobs(key)}
        mine = live.pop(job_id, None)
        if mine is None:  # it has ended already: asked for again, long after
            return
        before = {job.job_id for job in older}
        ended = [
            job.job_id
            for job in live.values()
            if (job.job_id in before or job.order < mine.order)
            and (not recipe or job.recipe.rpartition("_v")[0] == recipe)
        ]
        await self._cancel(ended)

    async def cancel(self, key: str) -> int:
        """End all jobs of a key, waiting and running; returns how many. Does not wait for them."""
        return await self._cancel(j.job_id for j in await self._running.live_jobs(printable(key)))

    async def live(self, key: str) -> dict[str, str]:
        """Recipe by job, of the jobs of a key that wait or run, oldest first."""
        jobs = await self._running.live_jobs(printable(key))
        ordered = sorted(jobs, key=lambda job: job.order)
        return {job.job_id: job.recipe.rpartition("_v")[0] for job in ordered}

    async def end(self, job_ids: Sequence[str]) -> list[str]:
        """End these jobs; returns those that were ended, and had not finished by themselves.

        Asked again it says the same again. Does not wait for their code.
        """
        await self._cancel(job_ids)
        owners = await self._running.owners(job_ids)
        return [name for name in job_ids if owners.get(name, ("", ""))[0] == "CANCELLED"]

    async def _cancel(self, job_ids: Iterable[str]) -> int:
        ended = list(job_ids)
        if ended:
            await _outside(DBOS.cancel_workflows_async(ended))
            self._executions.end(ended, Ending.CANCELLED)
            _log.info("job.cancelled", jobs=ended)
        return len(ended)

    async def wait(self, job_id: str) -> JobStatus:
        """Until it has ended; `LookupError` if there is no such job."""
        while True:
            status = await self.status(job_id)
            if status is None:
                raise LookupError(f"there is no job {job_id!r}")
            if status.ended:
                return status
            await asyncio.sleep(self._poll)

    async def status(self, job_id: str) -> JobStatus | None:
        found = await _outside(
            DBOS.list_workflows_async(workflow_ids=[job_id], load_input=False, load_output=True)
        )
        return _status(found[0]) if found else None

    async def steps(self, job_id: str) -> list[StepStatus]:
        """What is recorded of a job so far; a step that runs is not in it yet."""
        found = await _outside(DBOS.list_workflow_steps_async(job_id))
        return sorted((_step(info) for info in found), key=lambda step: step.started)

    async def counts(self) -> dict[str, int]:
        """Jobs by state, ended ones as long as they are kept."""
        counts = dict.fromkeys((state.value for state in RunState), 0)
        for name, count in (await self._running.counts()).items():
            counts[_STATES[name].value] += count
        return counts

    async def purge(self) -> int:
        """Forget jobs that ended more than ``keep_days`` ago, and their large results."""
        before = (self._clock.now() - self._keep).isoformat()
        forgotten = 0
        while True:
            found = await _outside(
                DBOS.list_workflows_async(
                    status=_ENDED,
                    completed_before=before,
                    limit=PURGE_BATCH,
                    load_input=False,
                    load_output=False,
                )
            )
            for job in found:
                await self._store.delete_blobs(f"{job.workflow_id}/")
            if found:
                await _outside(DBOS.delete_workflows_async([job.workflow_id for job in found]))
            forgotten += len(found)
            if len(found) < PURGE_BATCH:
                return forgotten

    async def _purge_now_and_then(self) -> None:
        now = self._clock.monotonic()
        if self._purged_at is None or now - self._purged_at > PURGE_SECONDS:
            self._purged_at = now
            await self.purge()

    @property
    def _running(self) -> Database:
        if self._database is None:
            raise ConfigurationError("the engine is not running")
        return self._database


async def _outside(work: Coroutine[Any, Any, T]) -> T:
    """Asked for by a recipe's step, the engine must not take it for a part of that recipe."""
    return await asyncio.get_running_loop().create_task(work, context=contextvars.Context())


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _status(found: WorkflowStatus) -> JobStatus:
    error = found.error
    if found.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        error = UnexpectedError("given up: it was cut off too often")
    return JobStatus(
        job_id=found.workflow_id,
        recipe=found.name,
        key=found.queue_partition_key or "",
        state=_STATES[found.status],
        created_at=_time(found.created_at),
        error=error,
    )


def _step(info: StepInfo) -> StepStatus:
    output, error = info["output"], info["error"]
    if isinstance(output, Outcome):
        found = decode(output.text)
        error = found.error if isinstance(found, Raised | Postponed) else None
    return StepStatus(
        name=info["function_name"],
        started=_time(info["started_at_epoch_ms"]),
        finished=_time(info["completed_at_epoch_ms"]),
        error=error,
    )


def _time(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
