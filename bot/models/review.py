"""A whole review: what is reviewed, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.models.agents import AgentRun, AgentSpec, Workspace
from bot.models.costs import Limits
from bot.models.diff import Diff
from bot.models.github import Conclusion, PullRequest, Repo
from bot.models.issues import Closing, FailOn, Finding, Issue, KnownIssue, Lesson, Verified
from bot.models.repo_config import RepoConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A file nobody reviewed, and why. ``unread``: it has content that no reviewer was shown."""

    path: str
    reason: str
    unread: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Files of a change that are read together. ``folder`` holds all of them; "" is the root."""

    folder: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is reviewed: a diff and where it lies. ``base_ref`` is a name for people."""

    diff: Diff
    workspace: Workspace
    head_sha: str
    base_sha: str
    base_ref: str = ""
    head_ref: str = ""
    title: str = ""
    body: str = ""
    repo: Repo | None = None
    skipped: tuple[Skipped, ...] = ()
    parts: tuple[Part, ...] = ()
    """In which it is read, where it is too large for one prompt; empty: as a whole."""
    known: tuple[KnownIssue, ...] = ()
    """Issues of earlier runs of this pull request; empty for a first or a local review."""
    since: Mapping[str, Diff] = field(default_factory=dict)
    """Earlier head SHA -> diff from it to this head, for following lines."""
    lessons: tuple[Lesson, ...] = ()
    """What this repository taught, the newest first."""


class ReportState(StrEnum):
    """Whether an agent's report counts."""

    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """What a judge would not have posted, and why. ``issue`` is an id."""

    issue: str
    reason: str


class VerifyMode(StrEnum):
    """Which new issues a second agent is asked to refute."""

    OFF = "off"
    DISPUTED = "disputed"
    """Those that one of several coding agents found alone."""
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """What a second agent said about one issue. ``by`` is its name."""

    issue: str
    verified: Verified
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentReport:
    """One agent's part in a review. ``reason`` says why it did not finish."""

    agent: str
    state: ReportState
    run: AgentRun
    required: bool = True
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    praise: tuple[str, ...] = ()
    guidance: str = ""
    reason: str = ""
    problems: tuple[str, ...] = ()
    """Items of its answer that could not be read; each costs only itself."""
    untouched: int = 0
    """Findings of an analyzer on lines that the change did not touch (left out)."""
    files: int | None = None
    """Files of the change that it was given whole; None for one that was given single issues."""
    rejected: tuple[Rejection, ...] = ()
    """A judge's word; what came of it is `ReviewResult.held`."""
    opinion: Opinion | None = None
    """Of an agent that was asked to refute one issue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """An issue that is not posted, because the agent ``by`` refuted it. It is listed."""

    issue: Issue
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewResult:
    """What a review found. ``found`` findings became ``issues``; ``carried`` stay from before."""

    head_sha: str
    base_sha: str
    reports: tuple[AgentReport, ...]
    issues: tuple[Issue, ...] = ()
    """Issues of this run, new and persistent, worst first."""
    carried: tuple[KnownIssue, ...] = ()
    """Earlier issues that nobody reported and nothing proves gone: open, each with its reason."""
    closed: tuple[Closing, ...] = ()
    """Earlier issues that are shown to be gone."""
    skipped: tuple[Skipped, ...] = ()
    files: int = 0
    """Files of the diff that were reviewed."""
    parts: tuple[Part, ...] = ()
    """In which coding agents read it, if not as a whole."""
    untold: tuple[str, ...] = ()
    """What could not be found out for reviewers, one sentence each; it changes no verdict."""
    held: tuple[HeldBack, ...] = ()
    """Found, and not posted: no comment, not counted as open, listed with the reason."""
    judge: AgentReport | None = None
    """The judge's own part, where there was one; its failure changes no verdict."""
    verifiers: tuple[AgentReport, ...] = ()
    """The parts of those who were asked to refute an issue each."""

    @property
    def later(self) -> tuple[AgentReport, ...]:
        """The parts of those who had a say after the merge."""
        return (*self.verifiers, *([self.judge] if self.judge is not None else []))

    @property
    def found(self) -> int:
        return sum(len(report.findings) for report in self.reports)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The verdict: a check conclusion and the words for it."""

    conclusion: Conclusion
    title: str
    reasons: tuple[str, ...] = ()
    failing: int = 0
    """Open issues at or above the failing severity."""


class Audience(StrEnum):
    """Who wrote the pull request, as far as spending is concerned."""

    TRUSTED = "trusted"
    OUTSIDER = "outsider"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewPlan:
    """The first recorded step of a run. Nothing later asks settings which steps exist."""

    run_id: str
    pull: PullRequest
    installation_id: int
    agents: tuple[AgentSpec, ...]
    config: RepoConfig
    fail_on: FailOn
    audience: Audience = Audience.TRUSTED
    approved: bool = True
    """False: an outsider's pull request whose head no maintainer approved yet."""
    withheld: tuple[str, ...] = ()
    """Agents that wait for that approval."""
    config_problems: tuple[str, ...] = ()
    skip_reason: str = ""
    """Non-empty: nothing is reviewed (a draft, a skip label), and the check says why."""
    sandbox_note: str = ""
    """Said in every summary when the operator switched the sandbox off."""
    dry_run: bool = False
    details_url: str = ""
    repairable: bool = False
    """Somebody here can play the developer."""
    judge: AgentSpec | None = None
    verify: VerifyMode = VerifyMode.OFF
    limits: Limits = field(default_factory=Limits)
