"""A pull request was closed: nothing of it goes on running, and nothing of it is kept on disk."""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.models import CloseRequest
from bot.tasks import ending
from bot.tasks.services import Services


@recipe("close", version=1)
async def close(services: Services, step: Step, request: CloseRequest) -> None:
    """The engine has ended the pull request's jobs before this one started."""
    await step("end runs", partial(ending.end_closed, services, request))
    await step("forget", partial(_forget, services, request))


async def _forget(services: Services, request: CloseRequest) -> None:
    mirror = services.mirror(request.repo, request.installation_id)
    await mirror.forget(request.number)
