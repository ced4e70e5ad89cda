"""What publishing is about: the publication, what came of it, and the protocol of a publisher.

Publishers run in the order of their stage: comments on lines, comments on files, the summary, the
check. Each looks for its own marker before it posts, so a repeated run posts nothing twice, and
each tells what it confirmed (`Published`); the next ones see it (`Publication.after`). What no
stage confirmed is listed in the summary:
found = inline + file + summary + held back + merged, always.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot import registry
from bot.models import (
    Bill,
    CheckRun,
    Comment,
    Decision,
    DraftComment,
    Issue,
    IssueState,
    Placement,
    PostedCheck,
    PostedReview,
    ReviewPlan,
    ReviewResult,
    Thread,
)


class CheckClient(Protocol):
    """The part of `bot.github.repository.RepoClient` that checks need."""

    async def checks(self, sha: str, name: str) -> list[PostedCheck]: ...

    async def create_check(self, check: CheckRun) -> PostedCheck: ...

    async def update_check(self, check_id: int, check: CheckRun) -> PostedCheck: ...

    async def tell_check(self, check_id: int, title: str, summary: str) -> None: ...


class Client(CheckClient, Protocol):
    """The part of it that publishing a review needs."""

    @property
    def login(self) -> str: ...

    async def issue_comments(self, number: int) -> list[Comment]: ...

    async def create_issue_comment(self, number: int, body: str) -> Comment: ...

    async def update_issue_comment(self, comment_id: int, body: str) -> Comment: ...

    async def review_comments(self, number: int) -> list[Comment]: ...

    async def create_review(
        self, number: int, commit_sha: str, body: str, comments: Sequence[DraftComment]
    ) -> PostedReview: ...

    async def create_file_comment(
        self, number: int, commit_sha: str, path: str, body: str
    ) -> Comment: ...

    async def threads(self, number: int) -> list[Thread]: ...

    async def reply_in_thread(self, number: int, comment_id: int, body: str) -> Comment: ...

    async def resolve_thread(self, thread_id: str) -> bool: ...

    async def unresolve_thread(self, thread_id: str) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """One finished review on its way to GitHub."""

    plan: ReviewPlan
    result: ReviewResult
    decision: Decision
    placements: Mapping[str, Placement] = field(default_factory=dict)
    """Issue id -> where a comment about it stands, of earlier runs and of this one."""
    moved: tuple[str, ...] = ()
    """Issues whose lines GitHub refused: they become comments on their file."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Issue id -> address of its comment."""
    summary_url: str = ""
    notes: tuple[str, ...] = ()
    """What went wrong while posting, as sentences for the summary."""
    commands: tuple[str, ...] = ()
    """Names of the slash commands that exist here; comments advertise no other."""
    secrets: tuple[str, ...] = ()
    """Never shown, whoever writes them."""
    bill: Bill | None = None
    again: bool = False
    """It was published before, and people have changed since how things stand."""

    def after(self, published: Published) -> Publication:
        """The publication as the next stage sees it."""
        return replace(
            self,
            placements={**self.placements, **published.placements},
            moved=(*self.moved, *published.moved),
            urls={**self.urls, **published.urls},
            summary_url=published.summary_url or self.summary_url,
            notes=(*self.notes, *published.notes),
        )

    def planned(self) -> Mapping[str, Placement]:
        """Where each issue without a comment should get one, worst first, at most so many."""
        free = self.plan.config.max_comments
        planned: dict[str, Placement] = {}
        for issue in self.result.issues:
            place = Placement.FILE if issue.id in self.moved else issue.anchor.placement
            if place is Placement.SUMMARY or issue.state is not IssueState.NEW:
                continue
            if free > 0:
                planned[issue.id] = place
                free -= 1
        return planned

    @property
    def posted(self) -> Mapping[str, Placement]:
        """The issues of this run that have a comment of their own, for the store."""
        here = {issue.id for issue in self.result.issues}
        return {name: place for name, place in self.placements.items() if name in here}

    def placement(self, issue: Issue) -> Placement:
        """Where the issue can be read now; the summary has whatever has no comment."""
        return self.placements.get(issue.id, Placement.SUMMARY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What one publisher confirmed."""

    placements: Mapping[str, Placement] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    summary_url: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """One way to publish. Smaller stages come first."""

    name: str
    stage: int
    publish: Callable[[Publication, Client], Awaitable[Published]]
    standing: bool = False
    """It says how things stand, and says it anew when people change that."""
    verdict: bool = False
    """It completes the check: a run in which it fails has failed."""


def publishers() -> dict[str, Publisher]:
    """Every publisher by name."""
    return registry.load("bot.publish.publishers", "PUBLISHER", Publisher)


def ordered(found: Iterable[Publisher]) -> tuple[Publisher, ...]:
    """In the order in which they publish."""
    return tuple(sorted(found, key=lambda publisher: (publisher.stage, publisher.name)))


def failed(publication: Publication, publisher: Publisher, reason: str) -> Publication:
    """The publication after a publisher that could not finish: the summary says so.

    What it did not confirm has no comment as far as anybody knows, and is listed there.
    """
    return replace(
        publication, notes=(*publication.notes, f"{publisher.name} could not be posted: {reason}")
    )
