"""A run's change on disk, made again whenever a step needs it and it is not there.

Nothing here is recorded: after a crash, or on another machine, the first step that needs the tree
fetches and writes it again. Made once per process and run, shared by the agents of the run.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.checkout.mirror import Mirror
from bot.context.parts import scoped
from bot.findings.states import OPEN
from bot.guard import Failed, guard
from bot.jobs import recordable
from bot.models import Change, Diff, IssueState, KnownIssue, ReviewPlan
from bot.tasks.services import Services

MAX_HEADS = 40
"""Earlier heads that are compared with this one."""


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedOut:
    """What the recorded step says of the checkout."""

    merge_base: str
    files: int
    reviewed: int


class Workbench:
    """Calling it gives the `Change`; close it when the run ends."""

    def __init__(self, services: Services, plan: ReviewPlan) -> None:
        self._services = services
        self._plan = plan
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._change: Change | None = None

    async def __call__(self) -> Change:
        async with self._lock:
            if self._change is None:
                self._change = await self._make()
            return self._change

    async def checked_out(self) -> CheckedOut:
        change = await self()
        skipped = {item.path for item in change.skipped}
        return CheckedOut(
            merge_base=change.diff.base_sha,
            files=len(change.diff.files),
            reviewed=sum(file.path not in skipped for file in change.diff.files),
        )

    async def close(self) -> None:
        await self._stack.aclose()
        self._change = None

    async def _make(self) -> Change:
        plan, pull = self._plan, self._plan.pull
        mirror = self._services.mirror(pull.repo, plan.installation_id)
        await mirror.fetch(pull.base_sha, pull.head_sha, pull.number)
        diff = await mirror.diff(pull.base_sha, pull.head_sha)
        workspace = await self._stack.enter_async_context(
            mirror.workspace(pull.base_sha, pull.head_sha, pull.number)
        )
        known = await self._known()
        parts, skipped = await asyncio.to_thread(scoped, diff, plan.config.ignored)
        return Change(
            diff=diff,
            workspace=workspace,
            head_sha=pull.head_sha,
            base_sha=pull.base_sha,
            base_ref=pull.base_ref,
            head_ref=pull.head_ref,
            title=pull.title,
            body=pull.body,
            repo=pull.repo,
            skipped=skipped,
            parts=parts,
            known=known,
            lessons=tuple(await self._services.store.lessons(pull.repo)),
            since=await self._since(mirror, known, pull.head_sha),
        )

    async def _known(self) -> tuple[KnownIssue, ...]:
        """Of every state: what is closed can be found again, and keeps its name then."""
        pull = self._plan.pull
        every = list(IssueState)
        return tuple(await self._services.store.known_issues(pull.repo, pull.number, every))

    async def _since(
        self, mirror: Mirror, known: tuple[KnownIssue, ...], head_sha: str
    ) -> dict[str, Diff]:
        """Diffs from earlier heads; a head that is gone after a force-push has none.

        Of many heads, those on which open issues were last seen come first.
        """
        since: dict[str, Diff] = {}
        still = {issue.head_sha for issue in known if issue.state in OPEN}
        closed = {issue.head_sha for issue in known} - still
        for sha in [*sorted(still), *sorted(closed)][:MAX_HEADS]:
            diff = await guard("workspace.since", mirror.diff_between(sha, head_sha))
            if not isinstance(diff, Failed):
                since[sha] = diff
        return since
