"""Steps without an engine, for reviews of a local repository: nothing outlives the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import TryLater
from bot.jobs.patience import Patience, attempt_name

T = TypeVar("T")

LOCAL_PATIENCE = Patience(attempts=5, total=60.0)
"""Somebody sits in front of it."""


class MemoryStep:
    """The same protocol and the same names as the durable step."""

    def __init__(
        self,
        job_id: str = "local",
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: Patience = LOCAL_PATIENCE,
    ) -> None:
        self.job_id = job_id
        self.names: list[str] = []
        self._sleep = sleep
        self._patience = patience

    async def __call__(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        waited, attempt = 0.0, 1
        while True:
            self.names.append(attempt_name(name, attempt))
            try:
                return await work()
            except TryLater as error:
                seconds = self._patience.wait(attempt, waited, error.seconds)
                if seconds is None:
                    raise
            await self._sleep(seconds)
            waited, attempt = waited + seconds, attempt + 1

    async def sleep(self, seconds: float) -> None:
        await self._sleep(seconds)
