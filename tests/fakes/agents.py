"""Agents without processes: each plays a list of events, waits, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from bot.models import AssistantText, Event, Finished, RunConfig, Started
from bot.process import Command
from bot.sandbox.fence import Fence

ANSWER = AssistantText(text='{"summary": "fine", "issues": []}')
GOOD: tuple[Event, ...] = (Started(), ANSWER, Finished(success=True))


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

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> PlayedChild:
        self.started.append((command, fence, trusted))
        child = self.children.pop(0)
        if isinstance(child, BaseException):
            raise child
        return child
