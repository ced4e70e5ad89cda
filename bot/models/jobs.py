"""Deliveries, and the jobs they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.errors import HarnessError
from bot.models.github import Permission, Repo


class FieldMissing(HarnessError):
    """A delivery lacks a field that its handler needs: it is logged and dropped."""


FieldValue = str | int | bool | None | list[str | int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One webhook delivery, reduced to the fields that handlers declare.

    ``fields`` maps dotted paths to plain values (``pull_request.head.sha``); a path through a list
    is written with ``[]`` (``pull_request.labels[].name``) and holds a list. A field the payload
    lacks is absent; one that is null is None.
    """

    id: str
    event: str
    action: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    received_at: datetime | None = None

    def text(self, path: str) -> str:
        value = self.fields.get(path)
        if not isinstance(value, str):
            raise FieldMissing(f"{self.event}.{self.action}: {path} is missing or not a text")
        return value

    def number(self, path: str) -> int:
        value = self.fields.get(path)
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldMissing(f"{self.event}.{self.action}: {path} is missing or not a number")
        return value

    def get(self, path: str) -> FieldValue:
        """The value, or None."""
        return self.fields.get(path)

    def texts(self, path: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        value = self.fields.get(path)
        return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()

    @property
    def repo(self) -> Repo:
        return Repo.parse(self.text("repository.full_name"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One recipe to run. Jobs of one ``key`` are serial; ``supersedes`` ends older ones first."""

    recipe: str
    key: str
    request: Any
    """A frozen record of `bot.models`."""
    supersedes: bool = False
    cancels: bool = False
    """End the key's running jobs before this one starts, whatever their recipe."""


class Trigger(StrEnum):
    """Why a review runs."""

    OPENED = "opened"
    PUSH = "push"
    READY = "ready for review"
    BASE_CHANGED = "base changed"
    COMMAND = "command"
    RERUN = "re-run"
    REFACTOR = "refactor"
    """Not a review: a repair."""
    LOCAL = "local"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """The comment that asked, and what its author must be allowed to do."""

    login: str
    comment_id: int
    comment_created_at: str = ""
    needs: Permission = Permission.WRITE
    thread: int = 0
    """The first comment of the thread in which it was written; 0 for the conversation."""
    user_id: int = 0
    """GitHub's number of the author; 0 where it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequest:
    """``head_sha`` is the head the delivery spoke of; empty means whatever is newest."""

    installation_id: int
    repo: Repo
    number: int
    trigger: Trigger
    head_sha: str = ""
    asker: Asker | None = None
    full: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RefactorRequest:
    """Repair open issues: all, or the named ones.

    Somebody asked in a comment (``asker``), or pressed the button beside the check of ``head_sha``
    (``presser``); neither: the repository's configuration asks for it.
    """

    installation_id: int
    repo: Repo
    number: int
    asker: Asker | None = None
    presser: str = ""
    presser_id: int = 0
    head_sha: str = ""
    issues: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """The login of who asked; empty for nobody."""
        return self.asker.login if self.asker is not None else self.presser


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyRequest:
    """Answer a comment. ``topic`` names a text of `bot.publish.render`."""

    installation_id: int
    repo: Repo
    number: int
    comment_id: int
    topic: str
    login: str
    detail: str = ""
    thread: int = 0
    """The first comment of the thread to answer in; 0 for the conversation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRequest:
    """Somebody asks about one issue, or dismisses it.

    ``words`` are those of the command: an issue's id and a reason; in a thread of an issue the id
    may be left out.
    """

    installation_id: int
    repo: Repo
    number: int
    asker: Asker
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRequest:
    """A command about the pull request as a whole: cancel, status, config."""

    installation_id: int
    repo: Repo
    number: int
    asker: Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelledRequest:
    """Somebody ended these jobs: nothing of them may look as if it went on."""

    installation_id: int
    repo: Repo
    number: int
    by: str
    jobs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadRequest:
    """A person resolved a thread by hand, or opened it again."""

    installation_id: int
    repo: Repo
    number: int
    comment_id: int
    """The first comment of the thread."""
    login: str
    resolved: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconsiderRequest:
    """People changed how the issues of a pull request stand: say anew what that comes to."""

    installation_id: int
    repo: Repo
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseRequest:
    """The pull request was closed or merged: drop its refs and trees."""

    installation_id: int
    repo: Repo
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RerunRequest:
    """Someone pressed "re-run": find the pull request by ``external_id``, else by head."""

    installation_id: int
    repo: Repo
    head_sha: str
    external_id: str = ""
    numbers: tuple[int, ...] = ()
    presser: str = ""
    """Who pressed, and GitHub's number of that person; only asked where it decides."""
    presser_id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeGroupRequest:
    """A merge queue asks for the verdict on a group's commit."""

    installation_id: int
    repo: Repo
    head_sha: str
    head_ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgetRequest:
    """The App lost these repositories: drop their mirrors."""

    installation_id: int
    repos: tuple[Repo, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDelivery:
    """What the store knows of a delivery (``GET /api/deliveries/GUID``)."""

    id: str
    event: str
    action: str
    received_at: datetime
    dispatched_at: datetime | None
    jobs: tuple[str, ...]
    """Ids of the jobs it became: ``<delivery id>:<index>``."""
    error: str = ""


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One review run, as pages and later runs see it. ``id`` is also the check's external id."""

    id: str
    job_id: str
    repo: Repo
    number: int
    head_sha: str
    base_sha: str
    trigger: str
    state: RunState
    started_at: datetime
    finished_at: datetime | None = None
    conclusion: str = ""
    title: str = ""
    installation_id: int = 0
    approved_by: str = ""
    """The maintainer whose command approved this head of an outsider's pull request."""
