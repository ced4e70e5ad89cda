"""One agent of a review: how it is built, and what its run amounts to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.agents.reviewer import AgentKind, AgentReviewer, Launcher, build
from bot.models import AgentRun, AgentSpec, AgentStatus, Change, ReportState, RunError

T = TypeVar("T")

MAX_WARNINGS = 30


class Step(Protocol):
    """Runs one named part of a run; the durable one records its result."""

    async def __call__(self, name: str, work: Callable[[], Awaitable[T]]) -> T: ...


Source = Callable[[], Awaitable[Change]]
"""The change, checked out: called inside steps, and cheap when it lies there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panelist:
    """One agent of a review, ready to start."""

    spec: AgentSpec
    kind: AgentKind
    reviewer: AgentReviewer


def panelist(spec: AgentSpec, sandbox: Launcher, known: Mapping[str, AgentKind]) -> Panelist:
    """The agent as the operator configured it; `AgentMisconfigured` if nobody provides its kind."""
    reviewer = build(spec, sandbox, known)
    return Panelist(spec=spec, kind=known[spec.kind], reviewer=reviewer)


def told_warnings(run: AgentRun) -> tuple[str, ...]:
    """What an agent could not look at, by its own word: silence about it would read as a pass."""
    told = [e.message for e in run.buffer if isinstance(e, RunError) and e.warning]
    return tuple(dict.fromkeys(told))[:MAX_WARNINGS]


def outcome(run: AgentRun, *, readable: bool) -> tuple[ReportState, str]:
    """Finished only with a good end and an answer that can be read; else why not."""
    if run.status is AgentStatus.CANCELLED:
        return ReportState.CANCELLED, "cancelled"
    if run.status is not AgentStatus.SUCCEEDED:
        reason = f"{run.error.kind}: {run.error.message}" if run.error else "failed"
        return ReportState.FAILED, reason
    if not readable:
        return ReportState.FAILED, "its answer holds no readable result"
    return ReportState.FINISHED, ""
