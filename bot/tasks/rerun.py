"""Somebody pressed a button beside a check: find the pull request, and do it to its head."""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.models import Job, RefactorRequest, RerunRequest, ReviewRequest, Trigger
from bot.tasks.services import Services


@recipe("rerun", version=1)
async def rerun(services: Services, step: Step, request: RerunRequest) -> None:
    """The review itself is a job of the pull request's own key, behind its others.

    It ends none of them: the button may stand beside the check of an older head.
    """
    numbers = await step("find", partial(find, services, request))
    for number in numbers:
        job = Job(
            recipe="review",
            key=f"{request.repo.full_name}#{number}",
            request=ReviewRequest(
                installation_id=request.installation_id,
                repo=request.repo,
                number=number,
                trigger=Trigger.RERUN,
                head_sha=request.head_sha,
            ),
        )
        work = partial(services.queue.enqueue, f"{step.job_id}:review-{number}", job)
        await step(f"enqueue {number}", work)


@recipe("fix", version=1)
async def fix(services: Services, step: Step, request: RerunRequest) -> None:
    """Somebody pressed "Fix": the repair is a job of the pull request's own key."""
    numbers = await step("find", partial(find, services, request))
    for number in numbers[:1]:
        job = Job(
            recipe="refactor",
            key=f"{request.repo.full_name}#{number}",
            request=RefactorRequest(
                installation_id=request.installation_id,
                repo=request.repo,
                number=number,
                presser=request.presser,
                presser_id=request.presser_id,
                head_sha=request.head_sha,
            ),
        )
        work = partial(services.queue.enqueue, f"{step.job_id}:refactor-{number}", job)
        await step(f"enqueue {number}", work)


async def find(services: Services, request: RerunRequest) -> tuple[int, ...]:
    """By the check's ``external_id`` (our run), else as GitHub says, else by head.

    For the head of a fork GitHub names no pull request, but our own runs remember it.
    """
    run = await services.store.run(request.external_id) if request.external_id else None
    if run is not None and run.repo == request.repo:
        return (run.number,)
    if request.numbers:
        return request.numbers
    runs = await services.store.runs_for_head(request.repo, request.head_sha)
    if runs:
        return tuple(sorted({run.number for run in runs}))
    client = await services.client(request.installation_id, request.repo)
    pulls = await client.pulls_for_head(request.head_sha)
    return tuple(sorted(pull.number for pull in pulls if pull.state == "open"))
