"""The App lost repositories: their mirrors and what the store knows of them go."""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.models import ForgetRequest, Repo
from bot.tasks.services import Services


@recipe("forget", version=1)
async def forget(services: Services, step: Step, request: ForgetRequest) -> None:
    """One step for each repository, so that a crash repeats only one of them."""
    for repo in request.repos:
        await step(f"forget {repo.full_name}", partial(_forget, services, repo))


async def _forget(services: Services, repo: Repo) -> None:
    await services.mirrors.forget(repo)
    await services.store.forget_repo(repo)
