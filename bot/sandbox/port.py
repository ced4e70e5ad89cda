"""What others need of the sandbox: that it starts something, and what a started process is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from bot.process import Command
from bot.sandbox.fence import Fence


class Child(Protocol):
    """What is needed of a started process (`bot.process.Child`)."""

    @property
    def stderr(self) -> str: ...

    def chunks(self) -> AsyncIterator[bytes]: ...

    async def wait(self) -> int: ...

    async def kill(self, grace: float = ...) -> None: ...


class Launcher(Protocol):
    """What is needed of the sandbox (`bot.sandbox.sandbox.Sandbox`)."""

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> Child:
        """`AgentFailed` says why it is refused, or cannot be started."""
        ...
