"""The execute-test-review-refactor loop: what its roles say, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.models.costs import CostLine, ModelUsage, Total
from bot.models.issues import Finding, IssueState, KnownIssue, Severity
from bot.models.testing import SuiteOutcome


class LoopStatus(StrEnum):
    """How a loop ended. There is no default, and nothing but ``SUCCESS`` means success."""

    SUCCESS = "success"
    FAILED = "failed"
    """It ran as it should, and what was asked for was not reached."""
    ERROR = "error"
    """Somebody could not play the role: nothing is known of what was not looked at."""
    CANCELLED = "cancelled"
    OVER_BUDGET = "over budget"


class TroubleKind(StrEnum):
    EXCEPTION = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    EMPTY = "empty"
    MALFORMED = "malformed"
    OVER_BUDGET = "over budget"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why a role did not do its part. ``passing``: the next try may do better."""

    kind: TroubleKind
    reason: str
    passing: bool = False


# --------------------------------------------------------------------------- what roles answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A planner's word: what to do, as text for the developer."""

    text: str
    agent: str = ""
    usage: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A developer's word after a turn. What it did is not taken from here but from the tree."""

    summary: str = ""
    agent: str = ""
    usage: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A reviewer's word. Whether the change passed is worked out from the findings."""

    findings: tuple[Finding, ...] = ()
    guidance: str = ""
    """For the developer, beyond the single findings."""
    summary: str = ""
    agent: str = ""
    usage: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What is recorded of one role's turn: its answer or its trouble, and what it made."""

    seconds: float
    said: Any = None
    """`Plan`, `Work`, `Review` or `SuiteOutcome`."""
    trouble: Trouble | None = None
    draft: Draft | None = None
    """A developer's, if it changed anything."""
    usage: tuple[ModelUsage, ...] = ()
    agent: str = ""


# ------------------------------------------------------------------------------ what is made


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A path that the developer changed and that is no part of the commit, and why."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The developer's work so far as one commit on top of ``head_sha``.

    ``patch`` is the whole difference, as ``git apply`` takes it; it makes the same commit again
    where the repository does not hold it.
    """

    sha: str
    tree: str
    head_sha: str
    patch: bytes
    paths: tuple[str, ...]
    """Changed against ``head_sha``."""
    left_out: tuple[LeftOut, ...] = ()


# ---------------------------------------------------------------------------- what came of it


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRecord:
    """One step that was taken. ``error`` is empty if it went well; ``output`` is for people."""

    name: str
    seconds: float
    error: str = ""
    output: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueStats:
    """Of the issues that the loop was about, and of those it brought."""

    total: int = 0
    addressed: int = 0
    new: int = 0
    """Of the open ones, those that were not there before."""
    persistent: int = 0
    """Of the open ones, those that were there before."""
    open: Mapping[Severity, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIssue:
    """What is still to be done when the loop ends, as people read it."""

    id: str
    severity: Severity
    title: str
    file: str
    line: int | None
    state: IssueState
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What became of a draft. ``reason`` says why it was not pushed."""

    pushed: bool
    sha: str = ""
    reason: str = ""
    there: bool = True
    """Read back afterwards, the branch was at ``sha``; else it was at ``now``."""
    now: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopResult:
    """``draft`` is the last good one: what `LoopStatus` is does not take it away."""

    status: LoopStatus
    reason: str
    """A sentence for people."""
    task_id: str = ""
    iterations: int = 0
    """Reviews that came to an end."""
    steps: tuple[StepRecord, ...] = ()
    cost: tuple[CostLine, ...] = ()
    issues: IssueStats = field(default_factory=IssueStats)
    open: tuple[OpenIssue, ...] = ()
    addressed: tuple[KnownIssue, ...] = ()
    draft: Draft | None = None
    suite: SuiteOutcome | None = None
    """How the tests of ``draft`` ended; None where nobody ran them."""

    @property
    def diff(self) -> str:
        """The whole difference, for people; bytes that are no UTF-8 are made visible."""
        return self.draft.patch.decode("utf-8", "backslashreplace") if self.draft else ""

    @property
    def files(self) -> tuple[str, ...]:
        return self.draft.paths if self.draft is not None else ()

    @property
    def total(self) -> Total:
        """What all model calls of all roles cost."""
        return Total(
            known=sum((line.cost.known for line in self.cost), Decimal(0)),
            calls=sum(line.cost.calls for line in self.cost),
            unknown=sum(line.cost.unknown for line in self.cost),
        )
