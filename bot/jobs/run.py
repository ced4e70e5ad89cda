"""Runs a recipe for a job: waits for its key, runs the code, and lets the key go when it ended.

Taking the key is not recorded: it is about code that runs now, in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from dbos import DBOS
from dbos import error as dbos_error

from bot.clock import Clock
from bot.errors import Superseded
from bot.guard import Failed, guard
from bot.jobs.database import Database
from bot.jobs.errors import UnexpectedError
from bot.jobs.executions import Ending, Execution, Executions, this_task
from bot.jobs.launch import Workflow
from bot.jobs.patience import Patience
from bot.jobs.recipes import Recipe
from bot.jobs.serializer import keepable
from bot.jobs.step import BlobStore, DurableStep
from bot.log import bound, logger

T = TypeVar("T")

RETRY_SECONDS = 1.0
"""Between attempts to reach a database that does not answer."""

SLOW_SECONDS = 30.0
"""A log line each time a job waited so long for the end of another one's code."""

_log = logger(__name__)


class Runs:
    """Makes the functions that the engine calls."""

    def __init__(
        self,
        services: Any,
        database: Database,
        executions: Executions,
        *,
        blobs: BlobStore,
        executor_id: str,
        clock: Clock,
        patience: Patience,
        poll: float,
    ) -> None:
        self._services = services
        self._database = database
        self._executions = executions
        self._blobs = blobs
        self._executor_id = executor_id
        self._clock = clock
        self._patience = patience
        self._poll = poll
        self.stopping = False

    def workflow(self, recipe: Recipe) -> Workflow:
        """The recipe as the engine calls it, with the arguments that `launch.enqueue` recorded."""

        async def run(key: str, request: Any) -> None:
            await self._run(recipe, key, request)

        return run

    async def _run(self, recipe: Recipe, key: str, request: Any) -> None:
        task = this_task()
        job_id = str(DBOS.workflow_id)
        execution = Execution(job_id=job_id, key=key, task=task)
        with self._executions.entered(execution), bound(job=job_id, key=key):
            if self.stopping:
                raise asyncio.CancelledError
            try:
                async with self._holding(execution):
                    await self._cook(recipe, execution, request)
            except asyncio.CancelledError:
                task.uncancel()
                raise self._end(execution) from None

    async def _cook(self, recipe: Recipe, execution: Execution, request: Any) -> None:
        _log.info("job.started", recipe=recipe.full_name)
        step = DurableStep(execution, blobs=self._blobs, patience=self._patience, clock=self._clock)
        try:
            done = await guard(
                recipe.full_name, _quietly(recipe.run(self._services, step, request))
            )
        finally:
            execution.leaving = True
            await step.close()
        if isinstance(done, Failed):
            raise keepable(done.error) from done.error
        _log.info("job.finished")

    def _end(self, execution: Execution) -> BaseException:
        """What tells the engine how it ended; a stopping process leaves no word."""
        _log.info("job.ended", why=execution.ending.value if execution.ending else "by itself")
        match execution.ending:
            case Ending.CANCELLED:
                return dbos_error.DBOSWorkflowCancelledError(f"{execution.job_id} was cancelled")
            case Ending.LOST:
                return dbos_error.DBOSWorkflowConflictIDError(execution.job_id)
            case Ending.STOPPING:
                return asyncio.CancelledError()
            case None:
                return UnexpectedError("the recipe was cancelled from inside", "CancelledError")

    # ------------------------------------------------------------------------------- the key

    @asynccontextmanager
    async def _holding(self, execution: Execution) -> AsyncIterator[None]:
        key, job_id, me = execution.key, execution.job_id, self._executor_id
        try:
            await self._take(execution)
            yield
        finally:
            execution.leaving = True
            # Also after a cancelled grab: it may have succeeded (see `Database`).
            await _persistently(lambda: self._database.drop_key(key, job_id, me))

    async def _take(self, execution: Execution) -> None:
        key, job_id, me = execution.key, execution.job_id, self._executor_id
        since = self._clock.monotonic()
        while True:
            taken = await _persistently(lambda: self._database.take_key(key, job_id, me))
            # Looked at after taking: whoever cancels this job from now on finds it running.
            await self._check(execution)
            if taken:
                return
            if self._clock.monotonic() - since > SLOW_SECONDS:
                since = self._clock.monotonic()
                _log.warning("job.waits_for_key")
            await self._executions.left(self._poll)

    async def _check(self, execution: Execution) -> None:
        owners = await _persistently(lambda: self._database.owners([execution.job_id]))
        owner = owners.get(execution.job_id, ("CANCELLED", ""))
        if owner != ("PENDING", self._executor_id):
            cancelled = owner[0] == "CANCELLED"
            execution.ending = Ending.CANCELLED if cancelled else Ending.LOST
            raise asyncio.CancelledError


async def _quietly(recipe: Awaitable[None]) -> None:
    """A job that finds itself superseded has nothing to say."""
    try:
        await recipe
    except Superseded as error:
        _log.info("job.superseded", reason=str(error))


async def _persistently(work: Callable[[], Awaitable[T]]) -> T:
    """Until the database answers: its outage fails no job."""
    while True:
        done = await guard("jobs.database", work())
        if not isinstance(done, Failed):
            return done
        await asyncio.sleep(RETRY_SECONDS)
