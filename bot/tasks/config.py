"""The rules that apply to a pull request, for whoever asks; no secret, path or address is in it."""

from __future__ import annotations

from functools import partial

from bot.agents.configured import first_developer
from bot.jobs import Step, recipe
from bot.models import CommandRequest
from bot.publish import render
from bot.publish.render.config import Rules
from bot.tasks import reply
from bot.tasks.plan import choose, repo_config
from bot.tasks.services import Services


@recipe("config", version=1)
async def config(services: Services, step: Step, request: CommandRequest) -> None:
    """One answer, from the branches that a review would ask now."""
    await step("seen", partial(reply.seen, services, request))
    await step("answer", partial(_answer, services, request))


async def _answer(services: Services, request: CommandRequest) -> None:
    text = render.config(await _rules(services, request), services.secrets)
    await reply.say(services, reply.to(request, "config"), text)


async def _rules(services: Services, request: CommandRequest) -> Rules:
    policy = services.policy
    client = await services.client(request.installation_id, request.repo)
    pull = await client.pull(request.number)
    chosen, problems = await repo_config(client, pull, policy.agents)
    agents, _withheld = choose(policy.agents, chosen, analyzers=set(), allowed="all")
    developer = policy.developer or first_developer(agents, services.kinds)
    return Rules(
        config=chosen,
        problems=problems,
        default_branch=pull.default_branch,
        base_branch=pull.base_ref,
        agents=tuple(agent.name for agent in agents),
        fail_on=policy.fail_on,
        outsiders=policy.outsiders,
        developer=developer.name if developer is not None else "",
        judge=policy.judge.name if policy.judge is not None else "",
        max_iterations=policy.max_iterations,
        limits=policy.limits,
    )
