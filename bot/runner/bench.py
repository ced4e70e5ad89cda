"""Where a loop works: the developer's tree, the drafts that come of it, and what reviewers read.

Nothing on disk is part of what is recorded: whoever needs a tree asks for it, and it is made again
from the draft where it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.checkout.draft import Drafts, Signature
from bot.checkout.local import LocalRepo
from bot.checkout.repository import Repository
from bot.errors import ConfigurationError
from bot.findings.scope import split
from bot.guard import Failed, guard
from bot.models import Change, Diff, Draft, KnownIssue, Workspace

Workspaces = Callable[[str], AbstractAsyncContextManager[Workspace]]
"""A commit's tree, its diff and the repository, for as long as the context lasts."""
Copies = Callable[[str], AbstractAsyncContextManager[Path]]
"""A commit's whole tree, for whoever runs what is in it."""

WHO = Signature(name="harness", email="harness@localhost", seconds=0)
"""Of drafts that never leave the machine: the same work has the same name on every day."""


class Bench:
    """``start`` is the change as it is before the loop; only its base and head are read from it,
    and what people said of it. ``draft`` is the work so far.
    """

    def __init__(
        self,
        repository: Repository,
        drafts: Drafts,
        start: Change,
        *,
        workspaces: Workspaces,
        copies: Copies,
        ignored: Sequence[str] = (),
    ) -> None:
        self.draft: Draft | None = None
        self.start = start
        self._repository = repository
        self._drafts = drafts
        self._workspaces = workspaces
        self._copies = copies
        self._ignored = tuple(ignored)
        self._desk: Workspace | None = None
        self._stack = AsyncExitStack()
        self._read: Change | None = None
        self._lock = asyncio.Lock()

    @property
    def sha(self) -> str:
        """The commit that holds the work so far."""
        return self.draft.sha if self.draft is not None else self.start.head_sha

    async def laid(self) -> None:
        """Before a developer's turn: its tree holds the work so far."""
        self._desk = await self._drafts.laid(self.draft)

    async def desk(self) -> Change:
        """Where the developer sits."""
        workspace = self._desk or await self._drafts.laid(self.draft)
        return replace(self.start, workspace=workspace)

    async def take(self) -> Draft | None:
        """After its turn: the work with what it did; None if it did nothing."""
        return await self._drafts.take(self.draft)

    async def commit(self, message: str) -> str:
        """The work so far under its own message."""
        if self.draft is None:
            raise ConfigurationError("there is nothing to commit")
        await self._drafts.restored(self.draft)
        return await self._drafts.commit(self.draft.tree, message)

    async def change(self, known: Sequence[KnownIssue] = ()) -> Change:
        """What reviewers read: the whole change, with the work so far in it."""
        async with self._lock:
            if self._read is None or self._read.head_sha != self.sha:
                await self._stack.aclose()
                self._read = await self._furnished()
            since = await self._since(known, self.sha)
            return replace(self._read, known=tuple(known), since=since)

    @asynccontextmanager
    async def copy(self, draft: Draft | None) -> AsyncIterator[Path]:
        """The whole tree with ``draft``, as the tests are to see it."""
        if draft is not None:
            await self._drafts.restored(draft)
        sha = draft.sha if draft is not None else self.start.head_sha
        async with self._copies(sha) as tree:
            yield tree

    async def close(self) -> None:
        await self._stack.aclose()
        self._read = None

    async def _furnished(self) -> Change:
        if self.draft is not None:
            await self._drafts.restored(self.draft)
        diff = await self._repository.diff(self.start.base_sha, self.sha)
        workspace = await self._stack.enter_async_context(self._workspaces(self.sha))
        return replace(
            self.start,
            diff=diff,
            workspace=workspace,
            head_sha=self.sha,
            skipped=split(diff, self._ignored).skipped,
        )

    async def _since(self, known: Sequence[KnownIssue], sha: str) -> dict[str, Diff]:
        since: dict[str, Diff] = {}
        for head in sorted({issue.head_sha for issue in known}):
            diff = await guard("bench.since", self._repository.diff_between(head, sha))
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

    return Bench(repo, drafts, start, workspaces=workspaces, copies=copies, ignored=ignored)


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
