"""One agent's attempt: from its start to an outcome, whatever happens on the way.

Every failure ends in the record with a reason and as an event for the sinks; only cancellation is
raised. Limits of time are kept here: the wall clock from the start on, and silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.agents.audience import Audience, uninterrupted
from bot.agents.record import Recorder
from bot.agents.reviewer import AgentProcess, AgentReviewer, ProcessError
from bot.clock import Clock
from bot.errors import AgentFailed
from bot.guard import Failed, guard
from bot.models import Event, Failure, FailureKind, RunConfig, RunError, Tokens

END_SECONDS = 10.0
"""How long an ended process may take to be reaped."""
ENRICH_SECONDS = 30.0
"""How long a hook may take to find out about tokens."""
STDERR_SHOWN = 8_000
_BREATH = 64  # events after which other agents get their turn

T = TypeVar("T")


class Attempt:
    """One agent's run while it goes on."""

    def __init__(
        self,
        name: str,
        reviewer: AgentReviewer,
        config: RunConfig,
        audience: Audience,
        timeout: float,
        idle_timeout: float | None,
        clock: Clock,
    ) -> None:
        self.recorder = Recorder(name, clock)
        self._name = name
        self._reviewer = reviewer
        self._config = config
        self._audience = audience
        self._timeout = timeout
        self._idle_timeout = idle_timeout
        self._idle = False
        self._heard = 0
        self._process: AgentProcess | None = None
        self._waited = False

    async def run(self) -> None:
        """Every failure ends in the record; only cancellation is raised."""
        try:
            await self._limited()
            await self._enrich()
        except asyncio.CancelledError:
            self.recorder.cancel()
            await uninterrupted(self._end())
            raise
        finally:
            self.recorder.close()

    async def _limited(self) -> None:
        failure: Failure | None = None
        try:
            async with asyncio.timeout(self._timeout) as scope:
                with self._idle_watch(scope):
                    await self._follow()
        except TimeoutError:
            failure = self._overdue()
        if failure is not None:
            await self._end()
            self.recorder.fail(failure)
            await self._emit(RunError(message=failure.message, kind=failure.kind))

    async def _follow(self) -> None:
        process = await _settled("agent.start", self._reviewer.start(self._config))
        if isinstance(process, AgentFailed | Failed):
            # No events from an agent that never began; its run says why.
            self.recorder.fail(_failure(process))
            return
        self._process = process
        drained = await _settled("agent.events", self._drain(process))
        if isinstance(drained, AgentFailed | Failed):
            await self._end()
            await self._fail(drained)
            return
        self._waited = True
        ended = await _settled("agent.wait", process.wait())
        if isinstance(ended, AgentFailed | Failed):
            await self._fail(ended)

    async def _drain(self, process: AgentProcess) -> None:
        async for event in process.events():
            self._heard += 1
            await self._emit(event)
            if self._heard % _BREATH == 0:
                await asyncio.sleep(0)

    async def _emit(self, event: Event) -> None:
        self.recorder.add(event)
        await self._audience.send(self._name, event)

    async def _fail(self, error: AgentFailed | Failed) -> None:
        """Into the record first, so that the synthetic event adds nothing to the reason."""
        failure = _failure(error)
        self.recorder.fail(failure)
        await self._emit(RunError(message=_told(error, failure), kind=failure.kind))

    async def _end(self) -> None:
        """Kill the process group and reap it; whatever that raises cannot be helped."""
        process, self._process = self._process, None
        if process is None:
            return
        await guard("agent.kill", process.kill())
        if not self._waited:
            self._waited = True
            work = asyncio.wait_for(process.wait(), END_SECONDS)
            await _settled("agent.wait", work)

    async def _enrich(self) -> None:
        """Tokens that are only known after the process ended; nothing else of it counts."""
        if self._config.enrich_agent_run is None:
            return
        hook = self._config.enrich_agent_run(self.recorder.result())
        enriched = await guard("agent.enrich", asyncio.wait_for(hook, ENRICH_SECONDS))
        if isinstance(enriched, Failed):
            return
        tokens = enriched.tokens
        if tokens.input or tokens.output:
            await self._emit(Tokens(input=tokens.input, output=tokens.output))

    def _overdue(self) -> Failure:
        if self._idle:
            message = f"no sign of life for {self._idle_timeout:g} s"
            return Failure(kind=FailureKind.IDLE, message=message)
        message = f"not finished after {self._timeout:g} s"
        return Failure(kind=FailureKind.TIMEOUT, message=message)

    @contextmanager
    def _idle_watch(self, scope: asyncio.Timeout) -> Iterator[None]:
        """Ends the scope after silence. One timer that looks, not one that every event moves."""
        if self._idle_timeout is None:
            yield
            return
        loop = asyncio.get_running_loop()
        limit = self._idle_timeout
        last, since = self._activity(), loop.time()
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal last, since, timer
            now, activity = loop.time(), self._activity()
            if activity != last:
                last, since = activity, now
            elif now - since >= limit:
                self._idle = True
                scope.reschedule(now)
                return
            timer = loop.call_later(limit / 8, look)

        timer = loop.call_later(limit / 8, look)
        try:
            yield
        finally:
            timer.cancel()

    def _activity(self) -> int:
        return self._heard + (self._process.activity if self._process is not None else 0)


async def _settled(action: str, work: Awaitable[T]) -> T | AgentFailed | Failed:
    """A failed agent is an ordinary outcome; anything else it raises is logged as well."""
    return await guard(action, _ordinary(work))


async def _ordinary(work: Awaitable[T]) -> T | AgentFailed:
    try:
        return await work
    except AgentFailed as error:
        return error


def _failure(error: AgentFailed | Failed) -> Failure:
    if isinstance(error, Failed):
        return Failure(kind=FailureKind.CRASHED, message=error.reason)
    message = error.message.strip() or type(error).__name__
    return Failure(kind=_kind(error.kind), message=message.splitlines()[0][:500])


def _kind(word: str) -> FailureKind:
    return FailureKind(word) if word in set(FailureKind) else FailureKind.CRASHED


def _told(error: AgentFailed | Failed, failure: Failure) -> str:
    """The reason, and what the program said on standard error under it."""
    if isinstance(error, ProcessError) and error.stderr.strip():
        return f"{failure.message}\n{_clipped(error.stderr.strip())}"
    return failure.message


def _clipped(text: str) -> str:
    if len(text) <= STDERR_SHOWN:
        return text
    half = STDERR_SHOWN // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
