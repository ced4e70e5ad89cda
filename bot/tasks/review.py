"""The main job: plan, say that it began, check out, read, merge, publish.

Deterministic apart from its steps: on a replay it takes the same way, because every decision comes
from a recorded value.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot import runner
from bot.guard import Failed, guard
from bot.jobs import Step, recipe
from bot.log import bound, logger
from bot.models import Job, RefactorRequest, ReviewPlan, ReviewRequest, ReviewResult
from bot.publish.progress import CheckProgress
from bot.publish.run_log import RunLog
from bot.tasks import ending, publishing, reply
from bot.tasks.plan import NoRun, plan
from bot.tasks.services import Services
from bot.tasks.told import told
from bot.tasks.workspace import Workbench

NOTHING = "no file of this change can be reviewed: it is empty, or all of it is ignored or binary"

_log = logger(__name__)


@recipe("review", version=1)
async def review(services: Services, step: Step, request: ReviewRequest) -> None:
    """Review one head of one pull request, and say on GitHub what came of it."""
    if request.asker is not None:
        await step("seen", partial(reply.seen, services, request))
    planned = await step("plan", partial(plan, services, step.job_id, request))
    if isinstance(planned, NoRun):
        _log.info("review.declined", reason=planned.reason)
        await step("decline", partial(reply.declined, services, request, planned))
        return
    pull = planned.pull
    ids = {"repository": pull.repo.full_name, "pull": pull.number, "head": pull.head_sha}
    with bound(run=planned.run_id, **ids):
        await _carry_out(services, step, request, planned)


async def _carry_out(
    services: Services, step: Step, request: ReviewRequest, planned: ReviewPlan
) -> None:
    outcome = await guard("review", _run(services, step, planned))
    if isinstance(outcome, Failed):
        await step("give up", partial(ending.give_up, services, planned, outcome.error))
    if request.asker is not None:
        well = not isinstance(outcome, Failed)
        await step("done", partial(reply.done, services, request, well=well))
    if planned.config.auto_refactor and not isinstance(outcome, Failed):
        await step("repair", partial(_repair_later, services, step.job_id, planned))


async def _repair_later(services: Services, job_id: str, planned: ReviewPlan) -> None:
    """As the repository wishes; whether there is anything to repair, that job sees."""
    pull = planned.pull
    request = RefactorRequest(
        installation_id=planned.installation_id,
        repo=pull.repo,
        number=pull.number,
        head_sha=pull.head_sha,
    )
    job = Job(recipe="refactor", key=pull.key, request=request)
    await services.queue.enqueue(f"{job_id}:repair", job)


async def _run(services: Services, step: Step, planned: ReviewPlan) -> None:
    await step("end older", partial(ending.end_older, services, planned))
    await step("begin", partial(publishing.begin, services, planned))
    bench = Workbench(services, planned)
    try:
        scoped = await _scoped(step, planned, bench)
        result = await _read(services, step, scoped, bench)
        await publishing.publish(services, step, scoped, result)
    finally:
        await bench.close()


async def _scoped(step: Step, planned: ReviewPlan, bench: Workbench) -> ReviewPlan:
    """The plan, with the reason why there is nothing to read if there is nothing."""
    if planned.skip_reason:
        return planned
    found = await step("checkout", bench.checked_out)
    return planned if found.reviewed else replace(planned, skip_reason=NOTHING)


async def _read(
    services: Services, step: Step, planned: ReviewPlan, bench: Workbench
) -> ReviewResult:
    pull = planned.pull
    if planned.skip_reason:
        return ReviewResult(head_sha=pull.head_sha, base_sha=pull.base_sha, reports=())
    agents = [runner.panelist(spec, services.sandbox, services.kinds) for spec in planned.agents]
    judge = (
        runner.panelist(planned.judge, services.sandbox, services.kinds) if planned.judge else None
    )
    context = await step("context", partial(told, services, planned, bench))
    budget = services.budgets.of_run(planned.run_id, pull.repo, pull.number, planned.limits)
    async with (
        RunLog(
            services.store, planned.run_id, clock=services.clock, secrets=services.secrets
        ) as log,
        CheckProgress(
            partial(services.client, planned.installation_id, pull.repo),
            planned,
            clock=services.clock,
        ) as progress,
    ):
        return await runner.review(
            bench,
            agents,
            context,
            step,
            clock=services.clock,
            sinks=(log, progress, *services.sinks),
            judge=judge,
            verify=planned.verify,
            budget=budget,
        )
