"""The App lost repositories: what runs there ends, and what is kept of them goes."""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.models import ForgetRequest, Repo
from bot.tasks import publishing
from bot.tasks.services import Services


@recipe("forget", version=1)
async def forget(services: Services, step: Step, request: ForgetRequest) -> None:
    """One step for each repository, so that a crash repeats only one of them."""
    for repo in request.repos:
        await step(f"forget {repo.full_name}", partial(_forget, services, repo))


async def _forget(services: Services, repo: Repo) -> None:
    for run in await services.store.unfinished_runs():
        if run.repo == repo:
            # Its agents cost money, and nobody may be told what they find.
            await services.queue.cancel(f"{repo.full_name}#{run.number}")
    await services.mirrors.forget(repo)
    await services.store.forget_repo(repo)
    await publishing.forget_all(services, repo)
