"""What whoever watches a loop is told: one typed event for every transition.

A hook can neither stop nor change anything: it is called after the fact, and what it raises is
logged. After a crash the transitions of recorded steps are told once more.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.guard import guard
from bot.models import CostLine, Draft, LoopResult, OpenIssue, StepRecord, SuiteOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopStarted:
    task_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStarted:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnded:
    record: StepRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    draft: Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteEnded:
    outcome: SuiteOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviewed:
    iteration: int
    open: tuple[OpenIssue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CostChanged:
    """``lines`` are new; what they add up to is the watcher's to keep."""

    lines: tuple[CostLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class IterationEnded:
    iteration: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopEnded:
    result: LoopResult


Transition = (
    LoopStarted | StepStarted | StepEnded | Planned | Drafted | SuiteEnded | Reviewed | CostChanged
    | IterationEnded | LoopEnded
)  # fmt: skip
Hook = Callable[[Transition], Awaitable[None] | None]


async def tell(hooks: Sequence[Hook], transition: Transition) -> None:
    """In the order in which they were given."""
    for hook in hooks:
        await guard("runner.hook", _told(hook, transition))


async def _told(hook: Hook, transition: Transition) -> None:
    answer = hook(transition)
    if inspect.isawaitable(answer):
        await answer
