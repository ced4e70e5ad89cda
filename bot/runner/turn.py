"""One role's turn as a value: what it said, or why it did not play."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.clock import Clock
from bot.errors import HarnessError, OverBudget, Superseded, TryLater
from bot.guard import Failed, guard
from bot.models import FailureKind, Plan, Played, Review, Trouble, TroubleKind, Work
from bot.runner.bench import Bench
from bot.runner.roles import PASSING, PlayFailed


async def played(
    work: Callable[[], Awaitable[Any]],
    kinds: tuple[type, ...],
    *,
    seconds: float,
    clock: Clock,
    bench: Bench | None = None,
) -> Played:
    """With a ``bench``, the tree is laid out before it and what was done is taken after it.

    Only what concerns the whole run is raised: that it is cancelled or superseded, or that the same
    turn may work later.
    """
    began = clock.monotonic()
    if bench is not None:
        await bench.laid()
    said = await _said(work, kinds, seconds)
    if isinstance(said, Trouble):
        return Played(seconds=clock.monotonic() - began, trouble=said)
    if isinstance(said, PlayFailed):
        return Played(
            seconds=clock.monotonic() - began,
            trouble=_trouble(said),
            usage=said.usage,
            agent=said.agent,
        )
    draft = None
    if bench is not None:
        taken = await guard("runner.take", bench.take())
        if isinstance(taken, Failed):
            if isinstance(taken.error, TryLater):
                raise taken.error
            trouble = Trouble(kind=TroubleKind.MALFORMED, reason=taken.reason)
            return Played(seconds=clock.monotonic() - began, trouble=trouble)
        draft = taken
    return Played(
        seconds=clock.monotonic() - began,
        said=said,
        draft=draft,
        usage=getattr(said, "usage", ()),
        agent=getattr(said, "agent", ""),
    )


async def _said(
    work: Callable[[], Awaitable[Any]], kinds: tuple[type, ...], seconds: float
) -> Any | Trouble | PlayFailed:
    try:
        done = await guard("runner.role", _in_time(work, seconds))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Trouble(kind=TroubleKind.CANCELLED, reason="the role was cancelled from inside")
    if isinstance(done, Failed):
        if isinstance(done.error, TryLater | Superseded):
            raise done.error
        return done.error if isinstance(done.error, PlayFailed) else _trouble(done.error, seconds)
    return _checked(done, kinds)


async def _in_time(work: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    return await asyncio.wait_for(work(), seconds)


def _checked(said: Any, kinds: tuple[type, ...]) -> Any | Trouble:
    if said is None and type(None) not in kinds:
        return Trouble(kind=TroubleKind.EMPTY, reason="it said nothing")
    if not isinstance(said, kinds):
        what = f"it said something of the type {type(said).__name__}"
        return Trouble(kind=TroubleKind.MALFORMED, reason=what)
    if isinstance(said, str):
        said = Plan(text=said) if Plan in kinds else Work(summary=said)
    if isinstance(said, Plan) and not said.text.strip():
        return Trouble(kind=TroubleKind.EMPTY, reason="the plan is empty")
    if isinstance(said, Review) and not all(finding.file for finding in said.findings):
        return Trouble(kind=TroubleKind.MALFORMED, reason="a finding names no file")
    return said


def _trouble(error: Exception, seconds: float = 0.0) -> Trouble:
    if isinstance(error, OverBudget) or getattr(error, "kind", "") == FailureKind.BUDGET:
        return Trouble(kind=TroubleKind.OVER_BUDGET, reason=str(error))
    if isinstance(error, TimeoutError) or getattr(error, "kind", "") == FailureKind.TIMEOUT:
        reason = str(error) or f"it took longer than {seconds:g} seconds"
        return Trouble(kind=TroubleKind.TIMEOUT, reason=reason, passing=True)
    text = str(error).strip() or type(error).__name__
    passing = getattr(error, "kind", "") in PASSING
    words = text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"
    return Trouble(kind=TroubleKind.EXCEPTION, reason=words[:500], passing=passing)
