"""Agents without processes: each plays a list of events, waits, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.agents.fanout import run_agents
from bot.agents.reviewer import ProcessError
from bot.agents.sinks import Collect
from bot.models import AgentRun, AssistantText, Event, Finished, RunConfig, RunSummary, Started
from bot.process import Command
from bot.sandbox.fence import Fence

ANSWER = AssistantText(text='{"summary": "fine", "issues": []}')
GOOD: tuple[Event, ...] = (Started(), ANSWER, Finished(success=True))


CRASH = ProcessError("exited with status 3: boom", "crashed", "bad", "trace\nboom")


class FakeClock:
    """Moves only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class FakeProcess:
    """Plays ``script``: an event is told, an exception raised, an asyncio event waited for."""

    def __init__(
        self,
        script: Sequence[Event | Exception | asyncio.Event],
        end: Exception | asyncio.Event | None = None,
    ) -> None:
        self.script = script
        self.end = end
        self.waits = 0
        self.kills = 0
        self.activity = 0
        self.closed = False

    async def events(self) -> AsyncIterator[Event]:
        try:
            for item in self.script:
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, asyncio.Event):
                    await item.wait()
                else:
                    yield item
        finally:
            self.closed = True

    async def wait(self) -> None:
        self.waits += 1
        if isinstance(self.end, Exception):
            raise self.end
        if self.end is not None:
            await self.end.wait()

    async def kill(self) -> None:
        self.kills += 1


class FakeReviewer:
    """Starts its process, or fails to."""

    def __init__(
        self, name: str, process: FakeProcess | None = None, fails: Exception | None = None
    ) -> None:
        self.name = name
        self.process = process if process is not None else FakeProcess(GOOD)
        self.fails = fails
        self.configs: list[RunConfig] = []

    async def start(self, config: RunConfig) -> FakeProcess:
        self.configs.append(config)
        if self.fails is not None:
            raise self.fails
        return self.process


class PlayedChild:
    def __init__(self, chunks: Sequence[bytes] = (), code: int = 0, stderr: str = "") -> None:
        self._chunks = chunks
        self.code = code
        self.stderr = stderr
        self.kills = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def wait(self) -> int:
        return self.code

    async def kill(self) -> None:
        self.kills += 1


class PlayedSandbox:
    """Starts the next child, or raises it."""

    def __init__(self, *children: PlayedChild | BaseException) -> None:
        self.children = list(children)
        self.started: list[tuple[Command, Fence, bool]] = []
        self.holds = True

    async def fenced(self, *, trusted: bool) -> bool:
        return self.holds

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> PlayedChild:
        self.started.append((command, fence, trusted))
        child = self.children.pop(0)
        if isinstance(child, BaseException):
            raise child
        return child


async def run(
    *reviewers: FakeReviewer,
    sinks: list[Collect] | None = None,
    config: RunConfig | None = None,
    timeouts: Mapping[str, float] | None = None,
    idle: Mapping[str, float] | None = None,
) -> RunSummary:
    return await run_agents(
        {reviewer.name: reviewer for reviewer in reviewers},
        {reviewer.name: config or RunConfig() for reviewer in reviewers},
        sinks or [],
        timeouts=timeouts or {},
        idle_timeouts=idle or {},
        clock=FakeClock(),
    )


async def until(state: Callable[[], bool]) -> None:
    """The sink's thread tells the loop nothing, so the test has to look."""
    for _ in range(2000):
        if state():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come to that")


def by_name(summary: RunSummary) -> dict[str, AgentRun]:
    return {run.name: run for run in summary.agent_runs}
