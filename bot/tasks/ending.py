"""How runs end that do not end by publishing: superseded, closed, or not able to review."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.errors import GiveUp, HarnessError, Superseded, TryLater
from bot.findings.policy import decide
from bot.guard import Failed, guard
from bot.models import (
    CancelledRequest,
    CloseRequest,
    Decision,
    Repo,
    ReviewPlan,
    RunRecord,
    RunState,
    Trigger,
)
from bot.publish.check import cancel_check, close_check
from bot.publish.render import could_not
from bot.tasks.services import Services

INTERNAL = "something went wrong inside harness; its operator finds the reason in the log"


async def end_older(services: Services, plan: ReviewPlan) -> None:
    """A newer run took over: no older run of the pull request may look as if it went on."""
    pull = plan.pull
    for run in await _unfinished(services, pull.repo, pull.number):
        if run.id != plan.run_id:
            again = run.head_sha == pull.head_sha
            newer = "a newer run of this commit" if again else pull.head_sha[:7]
            await _cancel(services, run, f"superseded by {newer}")


async def end_closed(services: Services, request: CloseRequest) -> None:
    """The pull request is closed: its runs were cancelled by the engine, here it is said."""
    for run in await _unfinished(services, request.repo, request.number):
        await _cancel(services, run, "the pull request was closed")


async def end_cancelled(services: Services, request: CancelledRequest) -> None:
    """Somebody ended these jobs, and their code has stopped: their runs say by whom."""
    for run in await _unfinished(services, request.repo, request.number):
        if run.job_id in request.jobs:
            await _cancel(services, run, f"cancelled by @{request.by}")


async def give_up(services: Services, plan: ReviewPlan, error: Exception) -> None:
    """Say on the pull request why this head could not be reviewed."""
    if isinstance(error, Superseded):
        run = await services.store.run(plan.run_id)
        if run is not None:
            await _cancel(services, run, error.message)
        return
    decision = decide((), (), (), plan.fail_on, trouble=trouble(error), head_sha=plan.pull.head_sha)
    await _finish(services, plan, RunState.FAILED, decision)
    if not plan.dry_run:
        await _if_possible("review.give_up", _close(services, plan, decision))


def trouble(error: Exception) -> str:
    """Words for people: our own errors are written for them, others are not."""
    if isinstance(error, GiveUp):
        return could_not(error)
    if isinstance(error, HarnessError):
        return f"{error.message}; `/harness review` tries again"
    return INTERNAL


async def _finish(
    services: Services, plan: ReviewPlan, state: RunState, decision: Decision
) -> None:
    await services.store.finish_run(
        plan.run_id, state, decision.conclusion.value, decision.title, services.clock.now()
    )


async def _unfinished(services: Services, repo: Repo, number: int) -> list[RunRecord]:
    runs = await services.store.unfinished_runs()
    return [run for run in runs if (run.repo, run.number) == (repo, number)]


async def _cancel(services: Services, run: RunRecord, why: str) -> None:
    if not services.policy.dry_run and run.trigger != Trigger.REFACTOR.value:
        await _if_possible("review.cancel_check", _cancel_check(services, run, why))
    await services.store.finish_run(
        run.id, RunState.CANCELLED, "cancelled", why, services.clock.now()
    )


async def _cancel_check(services: Services, run: RunRecord, why: str) -> None:
    client = await services.client(run.installation_id, run.repo)
    await cancel_check(client, run, why)


async def _close(services: Services, plan: ReviewPlan, decision: Decision) -> None:
    client = await services.client(plan.installation_id, plan.pull.repo)
    await close_check(client, plan, decision)


async def _if_possible(action: str, work: Awaitable[None]) -> None:
    """What ended the run may make saying so impossible too: the App lost its access, say."""
    told = await guard(action, work)
    if isinstance(told, Failed) and isinstance(told.error, TryLater):
        raise told.error  # the step waits, and says it then
