"""The durable step: the same value, or the same error, on the first run and on every replay.

A step's outcome is written as one text of at most 64 KB; a larger one goes to the store, and the
record holds its key. What the recipe gets is always read back from that text, on the first run
too. Failing is a recorded outcome like any other; being cancelled is not recorded at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from dbos import DBOS
from dbos import error as dbos_error

from bot.clock import Clock
from bot.errors import HarnessError, TryLater
from bot.guard import Failed, guard
from bot.jobs.dbos_serializer import Outcome
from bot.jobs.errors import NotReadable
from bot.jobs.executions import Ending, Execution, this_task
from bot.jobs.patience import MAX_ATTEMPTS, Patience, attempt_name
from bot.jobs.records import recordable
from bot.jobs.serializer import decode, encode, keepable, printable
from bot.log import logger

T = TypeVar("T")

MAX_RECORD = 64 * 1024

_log = logger(__name__)


class BlobStore(Protocol):
    """The part of the store that holds large results."""

    async def put_blob(self, key: str, data: bytes) -> None: ...

    async def get_blob(self, key: str) -> bytes | None: ...

    async def delete_blobs(self, prefix: str) -> int: ...


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """The work ended with this value."""

    value: Any


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """The work ended with this error."""

    error: Exception


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class Postponed:
    """The work asked to be tried again; the next attempt starts at ``until`` (seconds, UTC)."""

    error: Exception
    until: float
    waited: float
    """Seconds of waiting up to then, in all attempts."""


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """The outcome lies in the store."""

    blob: str
    size: int


class DurableStep:
    """Lives as long as one execution of a recipe."""

    def __init__(
        self, execution: Execution, *, blobs: BlobStore, patience: Patience, clock: Clock
    ) -> None:
        self.job_id = execution.job_id
        self._execution = execution
        self._blobs = blobs
        self._patience = patience
        self._clock = clock
        self._inside: set[asyncio.Task[Any]] = set()

    async def __call__(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        # The engine counts steps by position: the places of later attempts are taken now, so that
        # steps that run at the same time do not race for them. Unused places cost nothing.
        places = [DBOS.reserve_step() for _ in range(MAX_ATTEMPTS)]
        waited = 0.0
        for attempt, place in enumerate(places, start=1):
            label = attempt_name(printable(name), attempt)
            blob = f"{self.job_id}/{place.step_id}/{label}"
            run = partial(self._attempt, label, blob, work, attempt, waited)
            outcome = await self._read(await self._recorded(place, label, run))
            if isinstance(outcome, Returned):
                value: T = outcome.value
                return value
            if isinstance(outcome, Raised):
                raise outcome.error
            waited = outcome.waited
            await self._sleep_until(outcome.until)
        raise AssertionError("the last attempt is never postponed")

    async def sleep(self, seconds: float) -> None:
        async def wake_up_time() -> float:
            return self._clock.now().timestamp() + seconds

        await self._sleep_until(await self("sleep", wake_up_time))

    async def close(self) -> None:
        """End steps that the recipe left running (one of a gather failed): no code outlives it."""
        left = [task for task in self._inside if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _recorded(
        self, place: Any, label: str, run: Callable[[], Awaitable[Outcome]]
    ) -> Outcome:
        task = this_task()
        self._inside.add(task)
        try:
            outcome: Outcome = await place.run_async({"name": label}, _as_coroutine(run))
        except dbos_error.DBOSWorkflowCancelledError:
            raise self._ended(Ending.CANCELLED) from None
        except dbos_error.DBOSWorkflowConflictIDError:
            raise self._ended(Ending.LOST) from None
        finally:
            self._inside.discard(task)
        return outcome

    def _ended(self, why: Ending) -> asyncio.CancelledError:
        """The engine noticed before we were told: to the recipe it is the same as being told."""
        if this_task() is not self._execution.task:
            self._execution.end(why)
        elif self._execution.ending is None:
            self._execution.ending = why
        return asyncio.CancelledError(why.value)

    async def _attempt(
        self,
        label: str,
        blob: str,
        work: Callable[[], Awaitable[Any]],
        attempt: int,
        waited: float,
    ) -> Outcome:
        """What is recorded. Runs at most once for each record, again after a crash."""
        done = await guard("step", _encoded(work))
        error = done.error if isinstance(done, Failed) else done
        text = error if isinstance(error, str) else self._failed(label, error, attempt, waited)
        if len(text) > MAX_RECORD:
            await self._blobs.put_blob(blob, text.encode("ascii"))
            return Outcome(encode(Spilled(blob=blob, size=len(text))))
        return Outcome(text)

    def _failed(self, label: str, error: Exception, attempt: int, waited: float) -> str:
        _log.info("step.failed", step=label, kind=type(error).__name__, error=str(error))
        if isinstance(error, TryLater):
            seconds = self._patience.wait(attempt, waited, error.seconds)
            if seconds is not None:
                until = self._clock.now().timestamp() + seconds
                return encode(
                    Postponed(error=keepable(error), until=until, waited=waited + seconds)
                )
        return encode(Raised(error=keepable(error)))

    async def _read(self, outcome: Outcome) -> Returned | Raised | Postponed:
        found = decode(outcome.text)
        if isinstance(found, Spilled):
            data = await self._blobs.get_blob(found.blob)
            if data is None:
                raise NotReadable(f"the result {found.blob} is not in the store any more")
            found = decode(data.decode("ascii"))
        if isinstance(found, Returned | Raised | Postponed):
            return found
        raise NotReadable(f"what is recorded of a step of {self.job_id} is not an outcome")

    async def _sleep_until(self, until: float) -> None:
        await asyncio.sleep(max(0.0, until - self._clock.now().timestamp()))


async def _encoded(work: Callable[[], Awaitable[Any]]) -> str | HarnessError:
    """Errors of our own are outcomes; `guard` is for the others, and logs where they came from."""
    try:
        return encode(Returned(value=await work()))
    except HarnessError as error:
        return error


def _as_coroutine(run: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """The engine asks ``iscoroutinefunction``, which a partial of a method does not always pass."""

    async def call() -> T:
        return await run()

    return call
