"""What runs or waits for a pull request is ended by a person, and said to have been.

The command's own job stands beside the pull request's line, so it runs while a review runs; the
checks are told in that line, where nothing begins before the code that was ended has stopped.
"""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.log import logger
from bot.models import CancelledRequest, CommandRequest, Job
from bot.publish import render
from bot.tasks import ending, reply
from bot.tasks.plan import NoRun
from bot.tasks.services import Services

ENDS = ("review", "refactor")
"""What costs money. A verdict that is said anew, or a closed pull request's tidying, goes on."""

_log = logger(__name__)


@recipe("cancel", version=1)
async def cancel(services: Services, step: Step, request: CommandRequest) -> None:
    """End what there was when it was looked at; what comes after that is not meant."""
    await step("seen", partial(reply.seen, services, request))
    found = await step("look", partial(_look, services, request))
    if isinstance(found, NoRun):
        _log.info("cancel.declined", reason=found.reason)
        await step("decline", partial(reply.declined, services, request, found))
        return
    ended = await step("end", partial(services.queue.end, tuple(found)))
    if ended:
        await step("tell", partial(_tell_later, services, step.job_id, request, ended))
    recipes = tuple(found[job_id] for job_id in ended)
    await step("answer", partial(_answer, services, request, recipes))
    await step("done", partial(reply.done, services, request, well=bool(ended)))


@recipe("cancelled", version=1)
async def cancelled(services: Services, step: Step, request: CancelledRequest) -> None:
    """The engine has ended the jobs, and their code has stopped: here it is said."""
    await step("end runs", partial(ending.end_cancelled, services, request))


async def _look(services: Services, request: CommandRequest) -> dict[str, str] | NoRun:
    """Recipe by job, of what is to be ended."""
    client = await services.client(request.installation_id, request.repo)
    held = await client.permission(request.asker.login)
    needs = request.asker.needs
    if not held.allows(needs):
        return NoRun(reason="not permitted", topic="not-permitted", detail=needs.value)
    live = await services.queue.live(_line(request))
    return {job_id: name for job_id, name in live.items() if name in ENDS}


async def _tell_later(
    services: Services, job_id: str, request: CommandRequest, ended: list[str]
) -> None:
    told = CancelledRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        by=request.asker.login,
        jobs=tuple(ended),
    )
    job = Job(recipe="cancelled", key=_line(request), request=told)
    await services.queue.enqueue(f"{job_id}:cancelled", job)


async def _answer(services: Services, request: CommandRequest, recipes: tuple[str, ...]) -> None:
    text = render.ended(request.asker.login, recipes)
    await reply.say(services, reply.to(request, "cancel"), text)


def _line(request: CommandRequest) -> str:
    return f"{request.repo.full_name}#{request.number}"
