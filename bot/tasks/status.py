"""How a pull request stands, for whoever asks: read from what is written down, nothing is spent."""

from __future__ import annotations

from functools import partial

from bot.jobs import Step, recipe
from bot.models import CommandRequest, IssueState, PullRequest, RunRecord, Trigger
from bot.publish import render
from bot.publish.render.status import Standing
from bot.tasks import reply
from bot.tasks.cancel import ENDS
from bot.tasks.services import Services


@recipe("status", version=1)
async def status(services: Services, step: Step, request: CommandRequest) -> None:
    """One answer, also while a review runs."""
    await step("seen", partial(reply.seen, services, request))
    await step("answer", partial(_answer, services, request))


async def _answer(services: Services, request: CommandRequest) -> None:
    standing = await _standing(services, request)
    text = render.status(standing, services.clock.now(), services.secrets)
    await reply.say(services, reply.to(request, "status"), text)


async def _standing(services: Services, request: CommandRequest) -> Standing:
    repo, number, store = request.repo, request.number, services.store
    client = await services.client(request.installation_id, repo)
    pull = await client.pull(number)
    live = await services.queue.live(f"{repo.full_name}#{number}")
    wanted = [job_id for job_id, name in live.items() if name in ENDS]
    unfinished = [run for run in await store.unfinished_runs() if run.job_id in wanted]
    known = await store.known_issues(repo, number, list(IssueState))
    return Standing(
        pull=pull,
        run=await _newest(services, pull),
        issues=tuple(known),
        cost=await store.cost_of_pull(repo, number),
        running=tuple(unfinished),
        waiting=len(wanted) - len(unfinished),
    )


async def _newest(services: Services, pull: PullRequest) -> RunRecord | None:
    """The newest review of exactly this head; the same commit may be in other pull requests."""
    runs = await services.store.runs_for_head(pull.repo, pull.head_sha)
    repair = Trigger.REFACTOR.value
    return next((r for r in runs if r.number == pull.number and r.trigger != repair), None)
