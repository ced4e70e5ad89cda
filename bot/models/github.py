"""What GitHub has and takes, as records. No payload dictionary leaves `bot.github`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.diff import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Repo:
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @classmethod
    def parse(cls, full_name: str) -> Repo:
        owner, _, name = full_name.partition("/")
        return cls(owner=owner, name=name)


class Permission(StrEnum):
    """What a person may do in a repository, in GitHub's words (``role_name`` folded in)."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def allows(self, needed: Permission) -> bool:
        order = list(Permission)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A pull request at one moment. ``head_repo`` is None when the fork was deleted."""

    repo: Repo
    number: int
    title: str
    body: str
    author: str
    state: str
    draft: bool
    labels: tuple[str, ...]
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repo: Repo | None
    default_branch: str
    maintainer_can_modify: bool = False
    merged: bool = False

    @property
    def from_fork(self) -> bool:
        return self.head_repo != self.repo

    @property
    def key(self) -> str:
        """Runs of one key are serial, and a newer head takes over."""
        return f"{self.repo.full_name}#{self.number}"


class CheckStatus(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Conclusion(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    ACTION_REQUIRED = "action_required"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


CHECK_NAME = "harness"
FIX_ACTION = "fix"
"""Of the button that asks for a repair."""
"""The check run's name: what branch rules require."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """A mark on a line, shown with the check. ``level``: notice, warning or failure."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckAction:
    """A button. GitHub takes 20, 40 and 20 characters; the identifier comes back when pressed."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRun:
    """What to post. ``external_id`` is the run's id; ``conclusion`` only when completed."""

    name: str
    head_sha: str
    status: CheckStatus
    title: str
    summary: str
    text: str = ""
    conclusion: Conclusion | None = None
    external_id: str = ""
    details_url: str = ""
    annotations: tuple[Annotation, ...] = ()
    actions: tuple[CheckAction, ...] = ()
    """Buttons beside a completed check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedCheck:
    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str
    app_id: int | None
    url: str = ""
    annotations: int = 0
    """How many annotations it has: they can only be added."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftComment:
    """An inline comment of a review. ``start_line`` only when it covers several lines."""

    path: str
    line: int
    body: str
    side: Side = Side.RIGHT
    start_line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment that exists. ``path`` is empty for comments of the conversation."""

    id: int
    author: str
    body: str
    url: str
    created_at: datetime
    path: str = ""
    line: int | None = None

    @property
    def by_bot(self) -> bool:
        """Ours or any other App's. No person's login can have brackets."""
        return self.author.endswith("[bot]")


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedReview:
    id: int
    author: str
    body: str
    commit_sha: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """A review thread (GraphQL). The first comment opened it; replies go below that one."""

    id: str
    resolved: bool
    outdated: bool
    path: str
    line: int | None
    """Where it is in the newest diff; None when it is outdated or about a whole file."""
    comments: tuple[Comment, ...]
    resolved_by: str = ""
    """Who resolved it, spelled as authors are; empty while it is open."""

    @property
    def first(self) -> Comment | None:
        """None only when somebody deletes the last comment while we read."""
        return self.comments[0] if self.comments else None

    @property
    def people(self) -> tuple[str, ...]:
        """The logins of those who replied and are no bots, in order of their first word."""
        return tuple(dict.fromkeys(c.author for c in self.comments[1:] if not c.by_bot))
