"""The main job: plan, say that it began, check out, read, merge, publish.

Deterministic apart from its steps: on a replay it takes the same way, because every decision
comes from a recorded value.
"""

from __future__ import annotations

from functools import partial

from bot import runner
from bot.errors import GiveUp, Superseded
from bot.guard import Failed, guard
from bot.jobs import Step, recipe
from bot.models import ReviewPlan, ReviewRequest, ReviewResult
from bot.models.context import ReviewContext
from bot.runner.review import Panelist
from bot.tasks import ending, publishing
from bot.tasks.plan import NoRun, plan
from bot.tasks.reply import answer
from bot.tasks.services import Services
from bot.tasks.workspace import Workbench


@recipe("review", version=1)
async def review(services: Services, step: Step, request: ReviewRequest) -> None:
    """Review one head of one pull request, and say on GitHub what came of it."""
    if request.asker is not None:
        await step("acknowledge", partial(answer.seen, services, request))
    planned = await step("plan", partial(plan, services, step.job_id, request))
    if isinstance(planned, NoRun):
        await step("decline", partial(answer.declined, services, request, planned))
        return
    await step("tidy", partial(ending.close_older, services, planned))
    await step("begin", partial(publishing.begin, services, planned))
    outcome = await guard("review", _run(services, step, planned))
    if isinstance(outcome, Failed):
        await step("give up", partial(ending.give_up, services, planned, _reason(outcome)))


async def _run(services: Services, step: Step, planned: ReviewPlan) -> None:
    bench = Workbench(services, planned)
    try:
        result = await _read(services, step, planned, bench)
        await publishing.publish(services, step, planned, result)
    finally:
        await bench.close()
