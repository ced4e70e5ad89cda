"""Where a loop works: the developer's tree, the drafts that come of it, and what reviewers read.

Nothing on disk is part of what is recorded: whoever needs a tree asks for it, and it is made again
from the draft where it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.checkout.draft import Drafts, Signature
from bot.checkout.local import LocalRepo
from bot.checkout.repository import Repository
from bot.context.parts import scoped
from bot.errors import ConfigurationError
from bot.guard import Failed, guard
from bot.models import Change, Diff, Draft, KnownIssue, Workspace

Workspaces = Callable[[str], AbstractAsyncContextManager[Workspace]]
"""A commit's tree, its diff and the repository, for as long as the context lasts."""
Copies = Callable[[str], AbstractAsyncContextManager[Path]]
"""A commit's whole tree, for whoever runs what is in it."""

WHO = Signature(name="harness", email="harness@localhost", seconds=0)
"""Of drafts that never leave the machine: the same work has the same name on every day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """``start`` is the change before the loop: its base and head, and what people said of it."""

    repository: Repository
    drafts: Drafts
    start: Change
    workspaces: Workspaces
    copies: Copies
    ignored: tuple[str, ...] = ()


Opening = Callable[[AsyncExitStack], Awaitable[Places]]


class Bench:
    """``draft`` is the work so far. Opened by whoever needs it first, so inside of a step."""

    def __init__(self, head_sha: str, opening: Opening) -> None:
        self.draft: Draft | None = None
        self.head_sha = head_sha
        self._opening = opening
        self._places: Places | None = None
        self._desk: Workspace | None = None
        self._stack = AsyncExitStack()
        self._read_stack = AsyncExitStack()
        self._read: Change | None = None
        self._lock = asyncio.Lock()

    @property
    def sha(self) -> str:
        """The commit that holds the work so far."""
        return self.draft.sha if self.draft is not None else self.head_sha

    async def laid(self) -> None:
        """Before a developer's turn: its tree holds the work so far."""
        places = await self._opened()
        self._desk = await places.drafts.laid(self.draft)

    async def desk(self) -> Change:
        """Where the developer sits."""
        places = await self._opened()
        workspace = self._desk or await places.drafts.laid(self.draft)
        return replace(places.start, workspace=workspace)

    async def take(self) -> Draft | None:
        """After its turn: the work with what it did; None if it did nothing."""
        return await (await self._opened()).drafts.take(self.draft)

    async def commit(self, message: str) -> str:
        """The work so far under its own message."""
        if self.draft is None:
            raise ConfigurationError("there is nothing to commit")
        places = await self._opened()
        await places.drafts.restored(self.draft)
        return await places.drafts.commit(self.draft.tree, message)

    async def diff(self) -> Diff:
        """The whole change, with the work so far in it."""
        places = await self._restored()
        return await places.repository.diff(places.start.base_sha, self.sha)

    async def change(self, known: Sequence[KnownIssue] = ()) -> Change:
        """What reviewers read: the whole change, with the work so far in it."""
        places = await self._restored()
        async with self._lock:
            if self._read is None or self._read.head_sha != self.sha:
                await self._read_stack.aclose()
                self._read = await self._furnished(places)
            since = await self._since(places.repository, known)
            return replace(self._read, known=tuple(known), since=since)

    @asynccontextmanager
    async def copy(self, draft: Draft | None) -> AsyncIterator[Path]:
        """The whole tree with ``draft``, as the tests are to see it."""
        places = await self._opened()
        if draft is not None:
            await places.drafts.restored(draft)
        async with places.copies(draft.sha if draft is not None else self.head_sha) as tree:
            yield tree

    async def close(self) -> None:
        await self._read_stack.aclose()
        await self._stack.aclose()
        self._read = self._places = self._desk = None

    async def _opened(self) -> Places:
        async with self._lock:
            if self._places is None:
                self._places = await self._opening(self._stack)
            return self._places

    async def _restored(self) -> Places:
        places = await self._opened()
        if self.draft is not None:
            await places.drafts.restored(self.draft)
        return places

    async def _furnished(self, places: Places) -> Change:
        diff = await places.repository.diff(places.start.base_sha, self.sha)
        workspace = await self._read_stack.enter_async_context(places.workspaces(self.sha))
        parts, skipped = await asyncio.to_thread(scoped, diff, places.ignored)
        return replace(
            places.start,
            diff=diff,
            workspace=workspace,
            head_sha=self.sha,
            skipped=skipped,
            parts=parts,
        )

    async def _since(self, repository: Repository, known: Sequence[KnownIssue]) -> dict[str, Diff]:
        since: dict[str, Diff] = {}
        for head in sorted({issue.head_sha for issue in known}):
            diff = await guard("bench.since", repository.diff_between(head, self.sha))
            if not isinstance(diff, Failed):
                since[head] = diff
        return since


def local_bench(
    repo: LocalRepo, drafts: Drafts, start: Change, *, ignored: Sequence[str] = ()
) -> Bench:
    """For a user's own repository: everything stays until its scratch room is removed."""

    @asynccontextmanager
    async def workspaces(sha: str) -> AsyncIterator[Workspace]:
        yield await repo.workspace(start.base_sha, sha)

    @asynccontextmanager
    async def copies(sha: str) -> AsyncIterator[Path]:
        yield await repo.tree(sha, strip=False)

    places = Places(
        repository=repo,
        drafts=drafts,
        start=start,
        workspaces=workspaces,
        copies=copies,
        ignored=tuple(ignored),
    )

    async def opening(_stack: AsyncExitStack) -> Places:
        return places

    return Bench(start.head_sha, opening)


@asynccontextmanager
async def worktree_bench(worktree: Path, scratch: Path) -> AsyncIterator[Bench]:
    """For a developer in a user's own work tree, which must begin as it was committed."""
    repo = await LocalRepo.open(worktree, scratch=scratch)
    head = await repo.head_sha()
    drafts = repo.drafting_in(worktree, head, signature=WHO)
    if await drafts.take(None) is not None:
        raise ConfigurationError(
            f"{worktree} holds changes that are not committed: commit or stash them first, so that"
            " they are not taken for the developer's work"
        )
    start = Change(
        diff=Diff(base_sha=head, head_sha=head, files=()),
        workspace=Workspace(tree=worktree, git_dir=repo.git_dir, diff_file=scratch / "change.diff"),
        head_sha=head,
        base_sha=head,
        base_ref="HEAD",
    )
    bench = local_bench(repo, drafts, start)
    try:
        yield bench
    finally:
        await bench.close()
