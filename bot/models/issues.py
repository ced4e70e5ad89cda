"""Findings (what one agent said) and issues (what remains after merging)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


class Act(StrEnum):
    """What can happen to an issue. Which act is possible in which state: `bot.findings.states`."""

    FOUND = "found"
    """Reported by an agent on the head that was reviewed."""
    CHANGED = "found in changed code"
    """Reported again, and the code it is about has changed since it was closed."""
    FIXED = "fixed"
    """Proved: its code was changed, and who found it finished and does not find it any more."""
    LEFT = "left"
    """Its file is not a part of the pull request any more."""
    DISMISSED = "dismissed"
    """By a person: a command, a reply, or the thread resolved by hand."""
    RESTORED = "restored"
    """By a person who took that back."""


class Verified(StrEnum):
    """What a second agent said that was asked to refute the issue."""

    NOT_ASKED = "not asked"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


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
    verified: Verified = Verified.NOT_ASKED
    notes: tuple[str, ...] = ()
    """What else speaks for or against it, as sentences for people."""

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
    reason: str = ""
    """Why it is in its state, as a sentence; empty where the state says it all. Of a reopened one:
    a person opened it again although it had been addressed.
    """
    in_diff: bool = True
    """Its file was a part of the pull request when it was last seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """An issue of earlier runs that this run closes, with the proof."""

    issue: KnownIssue
    state: IssueState
    """`IssueState.ADDRESSED` or `IssueState.STALE`."""
    reason: str
    """A sentence for people: what changed, and who looked again."""
    commit: str = ""
    """The head on which it was seen to be gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueEvent:
    """One change of an issue's state, as the store remembers it."""

    issue: str
    act: Act
    before: IssueState | None
    """None: there was no such issue."""
    after: IssueState
    at: datetime
    by: str
    """A run's id, or a person's login with ``@`` before it."""
    reason: str = ""
    commit: str = ""


class LessonKind(StrEnum):
    """What a repository's memory is made of."""

    DISMISSED = "dismissed"
    ACCEPTED = "accepted"
    """Fixed after harness had reported it."""
    PROMPT = "prompt"
    """Words to an agent after which people accepted much of what it found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """One thing learnt from what people did; ``path`` is the file it is about, if any."""

    kind: LessonKind
    text: str
    at: datetime
    path: str = ""
    category: str = ""
    reason: str = ""
    by: str = ""
    number: int = 0
    """Of the pull request."""
    issue: str = ""
