"""A pull request was closed: nothing of it goes on running, and nothing of it is kept on disk."""

from __future__ import annotations

from functools import partial

from bot.errors import GitHubError, GiveUp
from bot.jobs import Step, recipe
from bot.models import CloseRequest, Job, ReviewRequest, Trigger
from bot.tasks import ending, publishing
from bot.tasks.services import Services


@recipe("close", version=1)
async def close(services: Services, step: Step, request: CloseRequest) -> None:
    """The engine has ended the pull request's jobs before this one started."""
    await step("end runs", partial(ending.end_closed, services, request))
    if await step("look", partial(_is_open, services, request)):
        # The delivery was late, and a review that was just beginning has been ended for it.
        await step("review", partial(_review, services, f"{step.job_id}:review", request))
        return
    await step("forget", partial(_forget, services, request))


async def _is_open(services: Services, request: CloseRequest) -> bool:
    try:
        client = await services.client(request.installation_id, request.repo)
        return (await client.pull(request.number)).state == "open"
    except (GiveUp, GitHubError):  # gone with its repository: what is here of it goes too
        return False


async def _review(services: Services, job_id: str, request: CloseRequest) -> None:
    again = ReviewRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        trigger=Trigger.OPENED,
    )
    key = f"{request.repo.full_name}#{request.number}"
    await services.queue.enqueue(job_id, Job(recipe="review", key=key, request=again))


async def _forget(services: Services, request: CloseRequest) -> None:
    mirror = services.mirror(request.repo, request.installation_id)
    await mirror.forget(request.number)
    await publishing.forget(services, request.repo, request.number)
