"""What the agents of a run are told besides the diff: one recorded step."""

from __future__ import annotations

from bot.context.gather import Sources, gather
from bot.models import ReviewPlan
from bot.models.context import ReviewContext
from bot.runner import Source
from bot.tasks.refactor_plan import RefactorPlan
from bot.tasks.services import Services


async def told(
    services: Services, planned: ReviewPlan | RefactorPlan, source: Source
) -> ReviewContext:
    """Recorded, so that every agent is told the same, also those that start after a crash."""
    pull = planned.pull
    client = await services.client(planned.installation_id, pull.repo)
    return await gather(
        await source(),
        Sources(
            repository=services.mirror(pull.repo, planned.installation_id),
            launcher=services.sandbox,
            now=services.clock.now,
            instructions=planned.config.instructions,
            issue=client.issue,
        ),
    )
