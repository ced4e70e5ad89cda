"""The verdict once more, after people changed how the issues stand; nobody reads anything again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.jobs import Step, recipe
from bot.models import (
    IssueRequest,
    IssueState,
    Job,
    ReconsiderRequest,
    ReviewResult,
    RunState,
    ThreadRequest,
)
from bot.publish.publisher import Publication
from bot.tasks import publishing
from bot.tasks.services import Services


async def later(services: Services, job_id: str, about: IssueRequest | ThreadRequest) -> None:
    """In the pull request's own line: a review that is under way speaks first."""
    request = ReconsiderRequest(
        installation_id=about.installation_id, repo=about.repo, number=about.number
    )
    key = f"{about.repo.full_name}#{about.number}"
    job = Job(recipe="reconsider", key=key, request=request)
    await services.queue.enqueue(f"{job_id}:reconsider", job)


@recipe("reconsider", version=1)
async def reconsider(services: Services, step: Step, request: ReconsiderRequest) -> None:
    """The newest review as it was published, with the states of today."""
    publication = await step("look", partial(_look, services, request))
    if publication is not None:
        await publishing.publish_again(services, step, publication)


async def _look(services: Services, request: ReconsiderRequest) -> Publication | None:
    """None where there is no verdict that stands: the next run says everything anyway."""
    kept = await publishing.kept(services, request.repo, request.number)
    if kept is None or kept.plan.dry_run:
        return None
    run = await services.store.run(kept.plan.run_id)
    client = await services.client(request.installation_id, request.repo)
    pull = await client.pull(request.number)
    stands = run is not None and run.state is RunState.FINISHED and pull.state == "open"
    if not stands or pull.head_sha != kept.plan.pull.head_sha:
        return None
    known = await services.store.known_issues(request.repo, request.number, list(IssueState))
    states = {issue.id: issue.state for issue in known}
    return replace(kept, result=standing(kept.result, states))


def standing(result: ReviewResult, states: dict[str, IssueState]) -> ReviewResult:
    """The same findings; what people dismissed is dismissed, and what they took back is open."""
    return replace(
        result,
        issues=tuple(replace(i, state=states.get(i.id, i.state)) for i in result.issues),
        carried=tuple(replace(k, state=states.get(k.id, k.state)) for k in result.carried),
    )
