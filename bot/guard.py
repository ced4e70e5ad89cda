"""The one blind ``except``: a failure at a boundary is logged, counted and returned as a value.

Boundaries are where one part must not take its neighbours down: a handler, an agent, a publisher,
a sink, a hook. An architecture test lists the callers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.log import logger

failures: Counter[str] = Counter()
"""How often each guarded action failed since the process started (shown by ``/metrics``)."""

_log = logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """What a guarded piece of work returns instead of raising."""

    action: str
    error: Exception

    @property
    def reason(self) -> str:
        """One line for people."""
        text = str(self.error).strip() or type(self.error).__name__
        return text.splitlines()[0][:500]


async def guard(action: str, work: Awaitable[T]) -> T | Failed:
    """Await ``work``; cancellation passes through, every other failure becomes `Failed`."""
    try:
        return await work
    except Exception as error:
        return _failed(action, error)


def guard_call(action: str, call: Callable[[], T]) -> T | Failed:
    """The same for a plain call."""
    try:
        return call()
    except Exception as error:
        return _failed(action, error)


def _failed(action: str, error: Exception) -> Failed:
    failures[action] += 1
    _log.warning("guard.failed", guarded=action, error=str(error), exc_info=error)
    return Failed(action=action, error=error)
