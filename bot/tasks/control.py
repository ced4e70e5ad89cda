"""Commands about a pull request as a whole: cancel what runs, say how it stands, say what applies.

They run beside a review, under a key of their own.
"""

from __future__ import annotations

from functools import partial

from bot.findings.states import OPEN
from bot.jobs import Step, recipe
from bot.models import PullCommand, ReplyRequest
from bot.publish import render
from bot.tasks import ending, reconsider, reply
from bot.tasks.plan import choose, developer_of, repo_config
from bot.tasks.services import Services


@recipe("cancel", version=1)
async def cancel(services: Services, step: Step, request: PullCommand) -> None:
    """End what runs and waits; whoever may not is told so."""
    await step("seen", partial(reply.seen, services, request))
    if not await step("allowed", partial(_allowed, services, request)):
        return
    ended = await step("cancel", partial(_cancel, services, request))
    await step("tell", partial(_tell, services, request, ended))
    if ended:  # a verdict that was waiting to be said anew was ended too
        await step("reconsider", partial(reconsider.later, services, step.job_id, request))
    await step("done", partial(reply.done, services, request, well=True))


@recipe("status", version=1)
async def status(services: Services, step: Step, request: PullCommand) -> None:
    """How the pull request stands, as far as it is written down."""
    await step("answer", partial(_status, services, request))


@recipe("config", version=1)
async def config(services: Services, step: Step, request: PullCommand) -> None:
    """What applies here; nothing of it is secret, and no address or path is told."""
    await step("answer", partial(_config, services, request))


async def _allowed(services: Services, request: PullCommand) -> bool:
    client = await services.client(request.installation_id, request.repo)
    held = await client.permission(request.asker.login)
    if held.allows(request.asker.needs):
        return True
    await reply.answer(services, _answer(request, "not-permitted", request.asker.needs.value))
    return False


async def _cancel(services: Services, request: PullCommand) -> tuple[str, ...]:
    """Ids of the runs that this ended; done again after a crash, they are the same."""
    runs = await ending.unfinished(services, request.repo, request.number)
    await services.queue.cancel(f"{request.repo.full_name}#{request.number}")
    return tuple(run.id for run in runs)


async def _tell(services: Services, request: PullCommand, ended: tuple[str, ...]) -> None:
    why = f"cancelled by @{request.asker.login}"
    for run_id in ended:
        run = await services.store.run(run_id)
        if run is not None and run.finished_at is None:
            await ending.cancel_run(services, run, why)
    text = render.cancelled_runs(ended)
    await reply.say(services, _answer(request, "cancel"), text)


async def _status(services: Services, request: PullCommand) -> None:
    repo, number = request.repo, request.number
    client = await services.client(request.installation_id, repo)
    pull = await client.pull(number)
    runs = await services.store.runs(1, repo, number)
    known = await services.store.known_issues(repo, number, sorted(OPEN))
    text = render.status(
        pull.head_sha,
        runs[0] if runs else None,
        known,
        await services.store.cost_of_pull(repo, number),
        secrets=services.secrets,
    )
    await _say(services, request, "status", text)


async def _config(services: Services, request: PullCommand) -> None:
    policy = services.policy
    client = await services.client(request.installation_id, request.repo)
    pull = await client.pull(request.number)
    found, problems = await repo_config(client, pull, policy.agents)
    agents, _withheld = choose(policy.agents, found, analyzers=set(), allowed="all")
    developer = developer_of(services, found)
    text = render.config(
        found,
        agents=[agent.name for agent in agents],
        developer=developer.name if developer is not None else "",
        operator_fail_on=policy.fail_on,
        operator_outsiders=policy.outsiders,
        verify=policy.verify,
        limits=policy.limits,
        max_iterations=policy.max_iterations,
        base_ref=pull.base_ref,
        default_branch=pull.default_branch,
        problems=problems,
    )
    await _say(services, request, "config", text)


async def _say(services: Services, request: PullCommand, topic: str, text: str) -> None:
    told = _answer(request, topic)
    await reply.react(services, told, "eyes")
    await reply.say(services, told, text)


def _answer(request: PullCommand, topic: str, detail: str = "") -> ReplyRequest:
    return ReplyRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        comment_id=request.asker.comment_id,
        topic=topic,
        login=request.asker.login,
        detail=detail,
        thread=request.asker.thread,
    )
