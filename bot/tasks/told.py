"""What the agents of a run are told besides the diff: one recorded step."""

from __future__ import annotations

from bot.checkout.records import Records
from bot.context.gather import Sources, gather
from bot.models import Repo, ReviewPlan
from bot.models.context import ReviewContext
from bot.runner import Source
from bot.tasks.plan import is_analyzer
from bot.tasks.refactor_plan import RefactorPlan
from bot.tasks.services import Services


async def told(
    services: Services, planned: ReviewPlan | RefactorPlan, source: Source
) -> ReviewContext:
    """Recorded, so that every agent is told the same, also those that start after a crash."""
    pull = planned.pull
    client = await services.client(planned.installation_id, pull.repo)
    mirror = services.mirror(pull.repo, planned.installation_id)

    def elsewhere(repo: Repo) -> Records:
        return services.mirror(repo, planned.installation_id).records()

    return await gather(
        await source(),
        Sources(
            repository=mirror,
            records=mirror.records(),
            elsewhere=elsewhere,
            # Analyzers read the tree, and nothing that anybody says about it.
            launcher=services.sandbox if _read_prompts(services, planned) else None,
            now=services.clock.now,
            instructions=planned.config.instructions,
            issue=client.issue,
        ),
    )


def _read_prompts(services: Services, planned: ReviewPlan | RefactorPlan) -> bool:
    return isinstance(planned, RefactorPlan) or any(
        not is_analyzer(services, spec) for spec in planned.agents
    )
