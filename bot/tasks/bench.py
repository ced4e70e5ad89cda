"""Where a repair of a pull request works: trees of the mirror, and rules for what may change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.checkout.draft import Signature
from bot.context.parts import scoped
from bot.models import Change, Diff, RepoConfig, Workspace
from bot.runner.bench import Bench, Places
from bot.runner.rules import allowing, files_of
from bot.tasks.refactor_plan import RefactorPlan
from bot.tasks.services import Services


def pull_bench(services: Services, planned: RefactorPlan) -> Bench:
    """Nothing is fetched before a step needs it."""
    pull = planned.pull

    async def opening(stack: AsyncExitStack) -> Places:
        mirror = services.mirror(pull.repo, planned.installation_id)
        await mirror.fetch(pull.base_sha, pull.head_sha, pull.number)
        diff = await mirror.diff(pull.base_sha, pull.head_sha)
        drafts = await stack.enter_async_context(
            mirror.drafting(
                pull.base_sha,
                pull.head_sha,
                pull.number,
                signature=signature(planned),
                rule=rule(diff, planned.config),
            )
        )
        workspace = await drafts.laid(None)

        @asynccontextmanager
        async def workspaces(sha: str) -> AsyncIterator[Workspace]:
            async with mirror.workspace(pull.base_sha, sha, pull.number) as made:
                yield made

        @asynccontextmanager
        async def copies(sha: str) -> AsyncIterator[Path]:
            async with mirror.tree(sha, pull.number, strip=False) as tree:
                yield tree

        parts, skipped = await asyncio.to_thread(scoped, diff, planned.config.ignored)
        start = Change(
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
            lessons=tuple(await services.store.lessons(pull.repo)),
        )
        return Places(
            repository=mirror,
            drafts=drafts,
            start=start,
            workspaces=workspaces,
            copies=copies,
            ignored=planned.config.ignored,
        )

    return Bench(pull.head_sha, opening)


def signature(planned: RefactorPlan) -> Signature:
    return Signature(
        name=planned.bot,
        email=f"{planned.bot}@{planned.mail_host}",
        seconds=planned.seconds,
    )


def rule(diff: Diff, config: RepoConfig) -> Callable[[str], str]:
    """Files of the pull request, and those that the repository allows besides."""
    return allowing(
        files_of(diff), config.refactor_also, may_change_workflows=config.refactor_workflows
    )
