"""A repair: plan, the loop, one commit pushed if nobody moved the branch, and a word about it.

Deterministic apart from its steps. What came of the developer's work is recorded before anything is
pushed, and kept as a patch whatever becomes of the push.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot import runner
from bot.errors import AccessLost, GitHubError, GiveUp
from bot.github.tokens import PUSH
from bot.guard import Failed, guard
from bot.jobs import Step, recipe
from bot.log import bound, logger
from bot.models import (
    Delivered,
    LoopResult,
    LoopStatus,
    RefactorRequest,
    ReplyRequest,
    RunState,
)
from bot.publish import render
from bot.publish.run_log import RunLog
from bot.runner.bench import Bench
from bot.runner.players import TEST_SECONDS, AgentDeveloper, AgentPanel, AgentPlanner, SuiteTester
from bot.tasks import ending, reply
from bot.tasks.bench import pull_bench
from bot.tasks.plan import NoRun
from bot.tasks.refactor_plan import RefactorPlan, mark_of, patch_of, plan
from bot.tasks.services import Services
from bot.tasks.told import told

GRACE_SECONDS = TEST_SECONDS
"""An agent keeps its own time, and so do the tests; this is for whatever does not."""

_log = logger(__name__)


@recipe("refactor", version=1)
async def refactor(services: Services, step: Step, request: RefactorRequest) -> None:
    """Repair what is open on one head of one pull request, and say what came of it."""
    if request.asker is not None:
        await step("seen", partial(reply.seen, services, request))
    planned = await step("plan", partial(plan, services, step.job_id, request))
    if isinstance(planned, NoRun):
        _log.info("refactor.declined", reason=planned.reason)
        await step("decline", partial(reply.declined, services, request, planned))
        return
    pull = planned.pull
    ids = {"repository": pull.repo.full_name, "pull": pull.number, "head": pull.head_sha}
    with bound(run=planned.run_id, **ids):
        outcome = await guard("refactor", _carry_out(services, step, request, planned))
        well = not isinstance(outcome, Failed) and outcome
        if isinstance(outcome, Failed):
            await step("give up", partial(_give_up, services, request, planned, outcome.error))
        if request.asker is not None:
            await step("done", partial(reply.done, services, request, well=well))


async def _carry_out(
    services: Services, step: Step, request: RefactorRequest, planned: RefactorPlan
) -> bool:
    """Whether the repair was pushed."""
    bench = pull_bench(services, planned)
    try:
        result = await _repair(services, step, planned, bench)
        await step("keep", partial(_keep, services, planned, result))
        delivered = Delivered(pushed=False)
        if result.status is LoopStatus.SUCCESS and result.draft is not None:
            bench.draft = result.draft
            work = partial(_push, services, planned, bench, result)
            delivered = await step("push", work)
        if delivered.pushed:
            delivered = await step("verify", partial(_verify, services, planned, delivered))
    finally:
        await bench.close()
    await step("answer", partial(_answer, services, request, planned, result, delivered))
    await step("finish", partial(_finish, services, planned, result, delivered))
    return delivered.pushed


async def _repair(
    services: Services, step: Step, planned: RefactorPlan, bench: Bench
) -> LoopResult:
    pull = planned.pull
    context = await step("context", partial(told, services, planned, bench.change))
    budget = services.budgets.of_run(planned.run_id, pull.repo, pull.number, planned.limits)
    log = RunLog(services.store, planned.run_id, clock=services.clock, secrets=services.secrets)
    async with log:
        member = partial(runner.panelist, sandbox=services.sandbox, known=services.kinds)
        sinks = (log, *services.sinks)
        planner = (
            AgentPlanner(
                member(planned.planner),
                bench,
                context,
                clock=services.clock,
                sinks=sinks,
                budget=budget,
            )
            if planned.planner is not None
            else None
        )
        config = runner.Config(
            developer=AgentDeveloper(
                member(planned.developer),
                bench,
                context,
                clock=services.clock,
                also=planned.config.refactor_also,
                sinks=sinks,
                budget=budget,
            ),
            planner=planner,
            reviewer=AgentPanel(
                [member(spec) for spec in planned.agents],
                bench,
                context,
                clock=services.clock,
                sinks=sinks,
                budget=budget,
            ),
            tester=SuiteTester(
                bench,
                services.sandbox,
                clock=services.clock,
                command=planned.config.test_command,
            ),
            max_iterations=planned.max_iterations,
            task_id=planned.run_id,
            targets=planned.targets,
            known=planned.known,
            fail_on=planned.fail_on,
            bench=bench,
            step=step,
            step_seconds=planned.developer.timeout + GRACE_SECONDS,
            clock=services.clock,
        )
        return await runner.run(config)


async def _keep(services: Services, planned: RefactorPlan, result: LoopResult) -> None:
    """Whatever becomes of it, the work is not lost."""
    if result.draft is not None:
        key = patch_of(planned.pull.repo.full_name, planned.pull.number, planned.run_id)
        await services.store.put_blob(key, result.draft.patch)


async def _push(
    services: Services, planned: RefactorPlan, bench: Bench, result: LoopResult
) -> Delivered:
    """One commit, and only on top of the head that was repaired."""
    pull = planned.pull
    commit = await bench.commit(
        render.commit_message(
            result,
            run_id=planned.run_id,
            co_author=co_author(planned),
            secrets=services.secrets,
        )
    )
    client = await services.client(planned.installation_id, pull.repo)
    now = await client.pull(pull.number)
    if now.head_sha == commit:
        return Delivered(pushed=True, sha=commit)  # it was, before a crash
    if now.state != "open":
        return Delivered(pushed=False, reason="the pull request was closed meanwhile")
    if now.head_sha != pull.head_sha:
        return Delivered(pushed=False, reason=render.moved(pull.head_sha, now.head_sha))
    if now.head_repo is None:
        return Delivered(pushed=False, reason="the repository of its branch is gone")
    if now.from_fork and not now.maintainer_can_modify:
        return Delivered(
            pushed=False, reason="its branch lies in a fork that maintainers may not push to"
        )
    if services.policy.dry_run:
        return Delivered(pushed=False, reason="this is a dry run")
    await services.store.put_blob(
        mark_of(pull.repo.full_name, pull.number, commit), planned.run_id.encode()
    )
    return await _pushed(services, planned, commit)


async def _pushed(services: Services, planned: RefactorPlan, commit: str) -> Delivered:
    pull = planned.pull
    to = pull.head_repo or pull.repo
    mirror = services.mirror(pull.repo, planned.installation_id)
    try:
        permissions = {**PUSH, "workflows": "write"} if planned.config.refactor_workflows else PUSH
        token = await services.github.token(planned.installation_id, pull.repo, permissions)
        done = await mirror.push(pull.head_ref, commit, lease_sha=pull.head_sha, token=token, to=to)
    except AccessLost as error:
        return Delivered(pushed=False, reason=f"the App may not push there: {error.message}")
    except GiveUp as error:
        return Delivered(pushed=False, reason=error.message)
    if done.pushed:
        return Delivered(pushed=True, sha=commit)
    if await _branch(services, planned) == commit:
        return Delivered(pushed=True, sha=commit)  # by this step, before a crash
    return Delivered(pushed=False, reason=f"GitHub refused the push: {done.reason}")


async def _verify(services: Services, planned: RefactorPlan, delivered: Delivered) -> Delivered:
    """Read the branch back once; the review of the new head follows by its own delivery."""
    there = await _branch(services, planned)
    return replace(delivered, there=there in ("", delivered.sha), now=there)


async def _branch(services: Services, planned: RefactorPlan) -> str:
    """Where the branch is at GitHub; empty where that cannot be read (a fork's)."""
    pull = planned.pull
    if pull.from_fork:
        return ""
    client = await services.client(planned.installation_id, pull.repo)
    try:
        return await client.branch_sha(pull.head_ref)
    except GitHubError:
        return ""


def co_author(planned: RefactorPlan) -> str:
    """Who asked, as git writes people; empty if nobody did."""
    if not planned.by:
        return ""
    name = f"{planned.by_id}+{planned.by}" if planned.by_id else planned.by
    return f"{planned.by} <{name}@{planned.mail_host}>"


async def _answer(
    services: Services,
    request: RefactorRequest,
    planned: RefactorPlan,
    result: LoopResult,
    delivered: Delivered,
) -> None:
    text = render.refactored(
        result, delivered, run_id=planned.run_id, url=planned.details_url, secrets=services.secrets
    )
    await reply.say(services, _reply(request, planned), text)


def _reply(request: RefactorRequest, planned: RefactorPlan) -> ReplyRequest:
    asker = request.asker
    return ReplyRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        comment_id=asker.comment_id if asker is not None else 0,
        topic="refactor",
        login=request.by,
        detail=planned.run_id,
        thread=asker.thread if asker is not None else 0,
    )


async def _finish(
    services: Services, planned: RefactorPlan, result: LoopResult, delivered: Delivered
) -> None:
    title = render.repaired_title(result, delivered)
    _log.info("refactor.finished", status=result.status.value, pushed=delivered.pushed)
    await services.store.finish_run(
        planned.run_id,
        RunState.FINISHED,
        "success" if delivered.pushed else "neutral",
        title,
        services.clock.now(),
    )


async def _give_up(
    services: Services, request: RefactorRequest, planned: RefactorPlan, error: Exception
) -> None:
    why = ending.trouble(error)
    await services.store.finish_run(
        planned.run_id, RunState.FAILED, "neutral", why, services.clock.now()
    )
    told = await guard(
        "refactor.give_up",
        reply.say(services, _reply(request, planned), render.not_refactored(why)),
    )
    if isinstance(told, Failed):
        _log.warning("refactor.untold", reason=told.reason)
