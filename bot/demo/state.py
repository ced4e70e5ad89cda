"""What the embedded GitHub knows: plain records in memory, open to tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.demo.permissions import LEVELS


@dataclass(kw_only=True, slots=True)
class User:
    id: int
    login: str
    type: str = "User"
    """GitHub's words: User, Bot or Organization."""


@dataclass(kw_only=True, slots=True)
class Repository:
    id: int
    owner: User
    name: str
    path: Path
    private: bool
    default_branch: str
    created_at: datetime
    installation_id: int | None
    parent_id: int | None = None
    """The repository this one is a fork of."""
    permissions: dict[str, str] = field(default_factory=dict)
    """What collaborators may do, by login in lower case."""
    deleted: bool = False
    last_number: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def permission(self, login: str) -> str:
        if login.lower() == self.owner.login.lower():
            return "admin"
        return self.permissions.get(login.lower(), "none" if self.private else "read")

    def allows(self, login: str, needed: str) -> bool:
        return LEVELS.index(self.permission(login)) >= LEVELS.index(needed)


@dataclass(kw_only=True, slots=True)
class Pull:
    id: int
    number: int
    repo_id: int
    title: str
    body: str
    user: User
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repo_id: int | None
    """None once the fork was deleted."""
    created_at: datetime
    updated_at: datetime
    draft: bool = False
    state: str = "open"
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merge_sha: str | None = None
    labels: list[str] = field(default_factory=list)
    maintainer_can_modify: bool = False
    heads: list[str] = field(default_factory=list)
    """Every head it ever had, the oldest first."""


@dataclass(kw_only=True, slots=True)
class PlainIssue:
    """An issue that is no pull request; its number is of the same row."""

    id: int
    repo_id: int
    number: int
    title: str
    body: str
    author: User
    created_at: datetime


@dataclass(kw_only=True, slots=True)
class Comment:
    """A comment of the conversation."""

    id: int
    repo_id: int
    number: int
    user: User
    body: str
    created_at: datetime
    updated_at: datetime
    by_app: bool = False
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class ReviewComment:
    """A comment on a line or on a file; replies carry the first comment's thread."""

    id: int
    repo_id: int
    number: int
    review_id: int
    thread_id: str
    user: User
    body: str
    path: str
    commit_id: str
    original_commit_id: str
    created_at: datetime
    updated_at: datetime
    subject_type: str = "line"
    side: str = "RIGHT"
    line: int | None = None
    """Where it is in the newest diff; None when it is outdated."""
    original_line: int | None = None
    start_line: int | None = None
    original_start_line: int | None = None
    start_side: str | None = None
    diff_hunk: str = ""
    in_reply_to_id: int | None = None
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def outdated(self) -> bool:
        return self.subject_type == "line" and self.line is None


@dataclass(kw_only=True, slots=True)
class Thread:
    id: str
    repo_id: int
    number: int
    resolved_by: User | None = None


@dataclass(kw_only=True, slots=True)
class Review:
    id: int
    repo_id: int
    number: int
    user: User
    body: str
    state: str
    commit_id: str
    submitted_at: datetime


@dataclass(kw_only=True, slots=True)
class Reaction:
    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(kw_only=True, slots=True)
class CheckRun:
    id: int
    repo_id: int
    suite_id: int
    name: str
    head_sha: str
    status: str
    started_at: datetime
    conclusion: str | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str = ""
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)
    requests: int = 1
    """How often it was written, its creation included."""


@dataclass(kw_only=True, slots=True)
class Installation:
    id: int
    account: User
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(kw_only=True, slots=True)
class Token:
    """An installation's token, or (``user``) a person's."""

    value: str
    expires_at: datetime
    permissions: dict[str, str] = field(default_factory=dict)
    installation_id: int | None = None
    repository_ids: frozenset[int] | None = None
    """None: all repositories of the installation."""
    user: User | None = None


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One attempt to deliver; a redelivery has the same guid and another id."""

    id: int
    guid: str
    event: str
    payload: dict[str, Any]
    headers: dict[str, str]
    delivered_at: datetime
    duration: float = 0.0
    status_code: int = 0
    status: str = "pending"
    response: str = ""
    redelivery: bool = False

    @property
    def action(self) -> str | None:
        action = self.payload.get("action")
        return action if isinstance(action, str) else None


class State:
    """All records, and the questions that several parts ask of them."""

    def __init__(self) -> None:
        self._ids = itertools.count(1001)
        self.users: dict[str, User] = {}
        self.repositories: dict[int, Repository] = {}
        self.pulls: dict[tuple[int, int], Pull] = {}
        self.issues: dict[tuple[int, int], PlainIssue] = {}
        self.comments: dict[int, Comment] = {}
        self.reviews: dict[int, Review] = {}
        self.review_comments: dict[int, ReviewComment] = {}
        self.threads: dict[str, Thread] = {}
        self.check_runs: dict[int, CheckRun] = {}
        self.suites: dict[tuple[int, str], int] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.deliveries: list[Delivery] = []

    def new_id(self) -> int:
        return next(self._ids)

    def user(self, login: str, kind: str = "User") -> User:
        """The account of this name, created on first use; only Apps may end in ``[bot]``."""
        found = self.users.get(login.lower())
        if found is None:
            kind = "Bot" if login.endswith("[bot]") else kind
            found = self.users[login.lower()] = User(id=self.new_id(), login=login, type=kind)
        return found

    def repository(self, full_name: str) -> Repository | None:
        """Names compare as GitHub compares them: without case."""
        for repo in self.repositories.values():
            if repo.full_name.lower() == full_name.lower() and not repo.deleted:
                return repo
        return None

    def pulls_of(self, repo: Repository) -> list[Pull]:
        return [pull for (repo_id, _), pull in self.pulls.items() if repo_id == repo.id]

    def pulls_from(self, repo: Repository, branch: str) -> list[Pull]:
        """Open pull requests whose head is this branch."""
        return [
            pull
            for pull in self.pulls.values()
            if pull.state == "open" and (pull.head_repo_id, pull.head_ref) == (repo.id, branch)
        ]

    def comments_of(self, pull: Pull) -> list[Comment]:
        return list(_of(pull, self.comments.values()))

    def reviews_of(self, pull: Pull) -> list[Review]:
        return list(_of(pull, self.reviews.values()))

    def review_comments_of(self, pull: Pull) -> list[ReviewComment]:
        return list(_of(pull, self.review_comments.values()))

    def threads_of(self, pull: Pull) -> list[Thread]:
        return list(_of(pull, self.threads.values()))

    def comments_in(self, thread: Thread) -> list[ReviewComment]:
        return [c for c in self.review_comments.values() if c.thread_id == thread.id]

    def checks_of(self, repo: Repository, sha: str) -> list[CheckRun]:
        return [c for c in self.check_runs.values() if (c.repo_id, c.head_sha) == (repo.id, sha)]

    def suite(self, repo: Repository, sha: str) -> int:
        """The id of the App's check suite of a commit."""
        if (repo.id, sha) not in self.suites:
            self.suites[repo.id, sha] = self.new_id()
        return self.suites[repo.id, sha]


def _of(pull: Pull, records: Any) -> Iterator[Any]:
    return (r for r in records if (r.repo_id, r.number) == (pull.repo_id, pull.number))
