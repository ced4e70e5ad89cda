"""Findings (what one agent said) and issues (what remains after merging)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.models.diff import Side


class Severity(StrEnum):
    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def rank(self) -> int:
        """0 is the worst: sorting by rank puts the worst first."""
        return list(Severity).index(self)


class FailOn(StrEnum):
    """The lowest severity that makes the check fail."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NEVER = "never"

    def fails(self, severity: Severity) -> bool:
        return self is not FailOn.NEVER and severity.rank <= Severity(self.value).rank

    def stricter(self, other: FailOn) -> FailOn:
        order = [FailOn.MINOR, FailOn.MAJOR, FailOn.CRITICAL, FailOn.NEVER]
        return min(self, other, key=order.index)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one agent said. Lines count from 1 on ``side``; None means the whole file."""

    agent: str
    severity: Severity
    file: str
    description: str
    title: str = ""
    line: int | None = None
    end_line: int | None = None
    side: Side = Side.RIGHT
    suggestion: str = ""
    replacement: str | None = None
    """New text of lines ``line`` to ``end_line``; an empty text deletes them."""
    category: str = ""
    confidence: float | None = None
    rule: str = ""
    """An analyzer's own code for it, such as B307."""


class Placement(StrEnum):
    """Where an issue is shown on GitHub."""

    INLINE = "inline"
    FILE = "file"
    SUMMARY = "summary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A place GitHub accepts, checked against the diff. ``start_line`` only for several lines."""

    placement: Placement
    path: str = ""
    side: Side = Side.RIGHT
    line: int | None = None
    start_line: int | None = None


class IssueState(StrEnum):
    NEW = "new"
    PERSISTENT = "persistent"
    ADDRESSED = "addressed"
    REOPENED = "reopened"
    DISMISSED = "dismissed"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One problem, however many agents said it. ``sources`` keeps every agent's own words."""

    id: str
    severity: Severity
    title: str
    description: str
    file: str
    anchor: Anchor
    sources: tuple[Finding, ...]
    line: int | None = None
    end_line: int | None = None
    side: Side = Side.RIGHT
    suggestion: str = ""
    replacement: str | None = None
    category: str = ""
    confidence: float | None = None
    state: IssueState = IssueState.NEW
    code: str = ""
    """The text of the lines it is about, as they are in the reviewed head (at most 10 lines)."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Who found it, in a stable order."""
        return tuple(sorted({source.agent for source in self.sources}))


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownIssue:
    """An issue of an earlier run, as the store remembers it, at its last occurrence."""

    id: str
    state: IssueState
    severity: Severity
    title: str
    description: str
    file: str
    line: int | None
    end_line: int | None
    side: Side
    code: str
    agents: tuple[str, ...]
    head_sha: str
    """The head it was last seen on."""
    placement: Placement = Placement.SUMMARY
    posted: bool = False
    """People were told: by a comment, or by the summary (``placement``)."""
    category: str = ""
