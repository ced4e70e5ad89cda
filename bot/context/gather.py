"""Everything a reviewer is told besides the diff, found out once for a run.

No source is worth a review: what cannot be read is a sentence in `ReviewContext.problems`, and
what it would have said is missing. Who instructs is the base branch alone; what the head and its
author say is told as data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar

from bot.checkout.records import Found as Files
from bot.checkout.records import Reader
from bot.context import checkpoints
from bot.context.checkpoints.settings import PATH as SETTINGS
from bot.context.checkpoints.settings import other_repository
from bot.context.instructions import COPILOT, MAX_LETTERS, NAMES, wanted
from bot.context.intent import first_paragraph, linked_numbers
from bot.context.memory import told_memory
from bot.context.structure.read import read
from bot.context.structure.wire import Structure
from bot.guard import Failed, guard
from bot.models import Change, PathInstruction, Repo
from bot.models.checkpoints import Recorded
from bot.models.context import CommitNote, Guide, LinkedIssue, ReviewContext
from bot.sandbox.port import Launcher

T = TypeVar("T")
SECONDS = 120.0
"""For one source; a review does not wait for longer."""
MAX_BLAMED = 40
"""Files whose lines are asked for, of those that a recorded session wrote."""


class Commits(Protocol):
    """The part of `bot.checkout.repository.Repository` that is read here."""

    async def files_named(self, sha: str, names: Sequence[str]) -> tuple[str, ...]: ...

    async def show(self, sha: str, path: str) -> bytes | None: ...

    async def blamed(
        self, base_sha: str, head_sha: str, paths: Sequence[str]
    ) -> dict[str, list[tuple[int, str]]]: ...

    async def blobs(self, sha: str, paths: Sequence[str]) -> dict[str, str]: ...

    async def commits(self, base_sha: str, head_sha: str) -> tuple[CommitNote, ...]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Where a context comes from. ``issue`` asks GitHub for one; None for a local change."""

    repository: Commits
    now: Callable[[], datetime]
    launcher: Launcher | None = None
    """What reads the tree's structure; None: nothing does."""
    instructions: tuple[PathInstruction, ...] = ()
    records: Reader | None = None
    """The repository's own checkpoints; None: nobody looks for any."""
    elsewhere: Callable[[Repo], Reader] | None = None
    """Opens those of another repository, which the base branch names."""
    issue: Callable[[int], Awaitable[LinkedIssue | None]] | None = None


async def gather(change: Change, sources: Sources) -> ReviewContext:
    """The context of this change. Raises nothing but cancellation."""
    skipped = {item.path for item in change.skipped}
    paths = [file.path for file in change.diff.files if file.path not in skipped]
    found = _Found()
    # The slowest reads the tree in a process of its own; the others ask git and GitHub meanwhile.
    (commits, records, linked), guides, structure = await asyncio.gather(
        _written(change, sources, found),
        found.out("instructions", _guides(sources.repository, change, paths), ()),
        found.out("structure", _structure(change, frozenset(paths), sources), None),
    )
    memory = await asyncio.to_thread(told_memory, change.lessons, paths, sources.now())
    return ReviewContext(
        title=change.title,
        body=change.body,
        linked=linked,
        commits=commits,
        instructions=sources.instructions,
        guides=guides,
        recorded=records,
        pins=structure.pins if structure else (),
        outlines=structure.outlines if structure else (),
        memory=memory,
        problems=tuple(sorted(found.problems)),
    )


async def _written(
    change: Change, sources: Sources, found: _Found
) -> tuple[tuple[CommitNote, ...], Recorded, tuple[LinkedIssue, ...]]:
    """All that hangs on the commits."""
    span = (change.diff.base_sha, change.head_sha)
    commits = await found.out("commits", sources.repository.commits(*span), ())
    records, linked = await asyncio.gather(
        _recorded(change, commits, sources, found),
        found.out("linked issues", _linked(change, commits, sources), ()),
    )
    return commits, records, linked


@dataclass
class _Found:
    """Takes what a source gives, and keeps what went wrong."""

    problems: list[str] = field(default_factory=list)

    async def out(self, what: str, work: Awaitable[T], otherwise: T) -> T:
        done = await guard(f"context.{what}", asyncio.wait_for(work, SECONDS))
        if not isinstance(done, Failed):
            return done
        late = isinstance(done.error, TimeoutError)
        reason = f"it took more than {SECONDS:g} s" if late else done.reason
        self.problems.append(f"{what}: {reason}")
        return otherwise


async def _guides(repository: Commits, change: Change, paths: Sequence[str]) -> tuple[Guide, ...]:
    """Of the base branch as it is now, as is all that instructs."""
    there = await repository.files_named(change.base_sha, (*NAMES, COPILOT))
    guides: list[Guide] = []
    for path in wanted(paths, frozenset(there)):
        content = await repository.show(change.base_sha, path)
        if content is not None:
            text = content[: MAX_LETTERS * 4].decode("utf-8", "replace")
            guides.append(Guide(path=path, text=text))
    return tuple(guides)


async def _structure(change: Change, paths: frozenset[str], sources: Sources) -> Structure | None:
    """Pins are given the blob ids of the head: that is the version of which they speak."""
    if sources.launcher is None:
        return None
    found = await read(change.workspace.tree, change.diff, paths, sources.launcher)
    blobs = await sources.repository.blobs(change.head_sha, [pin.path for pin in found.pins])
    pins = tuple(replace(pin, blob=blobs[pin.path]) for pin in found.pins if pin.path in blobs)
    return replace(found, pins=pins)


async def _recorded(
    change: Change, commits: Sequence[CommitNote], sources: Sources, found: _Found
) -> Recorded:
    """Each store by itself: one that is out of reach takes nothing from the others."""
    names = list(checkpoints.named(commits))
    files: Files = {}
    if names and sources.records is not None:
        files = await found.out("checkpoints", checkpoints.found(sources.records, names), {})
    missing = [name for name in names if name not in files]
    if missing and sources.elsewhere is not None:
        looking = _elsewhere(change, sources.repository, sources.elsewhere, missing)
        files |= await found.out("checkpoints in a repository of their own", looking, {})
    written = {sha for shas in checkpoints.named(commits).values() for sha in shas}
    paths = sorted({path for c in commits if c.sha in written for path in c.files})
    ours = {file.path for file in change.diff.files}
    blamed = await found.out(
        "who wrote which line",
        sources.repository.blamed(
            change.diff.base_sha, change.head_sha, [p for p in paths if p in ours][:MAX_BLAMED]
        ),
        {},
    )
    # Of strangers' bytes: not where everybody else's work waits for it.
    reading = asyncio.to_thread(checkpoints.recorded, commits, files, blamed)
    return await found.out("checkpoints as they are recorded", reading, Recorded())


async def _elsewhere(
    change: Change, repository: Commits, open_store: Callable[[Repo], Reader], names: Sequence[str]
) -> Files:
    """In the repository that the base branch names, if it names one that can be."""
    other = other_repository(await repository.show(change.base_sha, SETTINGS))
    if other is None:
        return {}
    owner, name = other
    return await checkpoints.found(open_store(Repo(owner=owner, name=name)), names)


async def _linked(
    change: Change, commits: Sequence[CommitNote], sources: Sources
) -> tuple[LinkedIssue, ...]:
    if sources.issue is None or change.repo is None:
        return ()
    said = [change.title, change.body, *(f"{c.subject}\n{c.body}" for c in commits)]
    issues: list[LinkedIssue] = []
    for number in linked_numbers(said, change.repo.full_name):
        issue = await sources.issue(number)
        if issue is not None:
            issues.append(replace(issue, text=first_paragraph(issue.text)))
    return tuple(issues)
