"""What runs in this process: the recipe's tasks, and ending them.

Ending is cancelling the asyncio task, so a running step sees an ordinary ``CancelledError``, ends
its processes and lets it pass. It is done at most once: what cleans up is not disturbed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Ending(Enum):
    """Why a running recipe was ended from outside."""

    CANCELLED = "cancelled"
    LOST = "another process took the job over"
    STOPPING = "this process stops; the job goes on later"


@dataclass(eq=False, kw_only=True, slots=True)
class Execution:
    """One recipe's code, running. Mutable: it is told why it has to end."""

    job_id: str
    key: str
    task: asyncio.Task[Any]
    ending: Ending | None = None
    leaving: bool = False
    """The recipe's own code is over; tidying up after it is not interrupted."""

    def end(self, why: Ending) -> None:
        if self.ending is None and not self.leaving:
            self.ending = why
            self.task.cancel()


def this_task() -> asyncio.Task[Any]:
    """The task that runs this code."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("recipes and steps run inside asyncio tasks")
    return task


class Executions:
    """All of them. A job can be here twice for a moment, when it was lost and came back."""

    def __init__(self) -> None:
        self._running: set[Execution] = set()
        self._left = asyncio.Event()

    @contextmanager
    def entered(self, execution: Execution) -> Iterator[None]:
        self._running.add(execution)
        try:
            yield
        finally:
            self._running.discard(execution)
            # Wake everybody who waits for something to leave, and give later ones a new event.
            self._left.set()
            self._left = asyncio.Event()

    def job_ids(self) -> set[str]:
        return {execution.job_id for execution in self._running}

    def end(self, job_ids: Collection[str], why: Ending) -> None:
        for execution in list(self._running):
            if execution.job_id in job_ids:
                execution.end(why)

    async def left(self, seconds: float) -> bool:
        """Wait until some execution leaves, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._left.wait()
        except TimeoutError:
            return False
        return True

    async def drained(self, seconds: float) -> bool:
        """True once nothing runs here any more."""
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await self._left.wait()
        except TimeoutError:
            return False
        return True
