"""Fan-out, parse, anchor, merge: `review`, the one path of every kind of review.

`review` is called by the durable recipe (where ``step`` records each part), by ``harness review``
(where ``step`` just runs it) and by the refactor loop. Each agent is a step of its own, so that a
crash repeats only the agents that had not finished. What lies on disk is not part of any recorded
value: ``source`` makes sure of it again whenever a step needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from bot.agents.audience import attending
from bot.agents.fanout import finish_run, run_agent
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.prompt import GUARDS, compose
from bot.errors import OverBudget
from bot.log import bound, logger
from bot.models import (
    AgentReport,
    AgentRun,
    Change,
    Failure,
    FailureKind,
    ReportState,
    ReviewResult,
    Role,
    RunConfig,
    RunError,
    RunSummary,
    VerifyMode,
)
from bot.models.context import ReviewContext
from bot.runner.again import reported, run_until_readable
from bot.runner.budget import Budget
from bot.runner.judge import judged
from bot.runner.member import Panelist, Source, Step
from bot.runner.settling import settled
from bot.runner.spending import Spending
from bot.runner.verify import verified

_log = logger(__name__)


async def review(
    source: Source,
    agents: Sequence[Panelist],
    context: ReviewContext,
    step: Step,
    *,
    clock: Clock,
    sinks: Sequence[Sink] = (),
    judge: Panelist | None = None,
    verify: VerifyMode = VerifyMode.OFF,
    budget: Budget | None = None,
) -> ReviewResult:
    """Let every agent read the change at the same time, and merge what they say.

    With a ``budget`` each call of a model is counted, and nobody starts who may spend nothing. Then
    second agents try to refute the issues that ``verify`` says, and a ``judge`` has its say; the
    run is over for the sinks when all have.
    """
    started_at = clock.now()
    reports: list[AgentReport] = []
    result: ReviewResult | None = None
    try:
        reports = await _all(
            [
                step(
                    _step_name(agent),
                    partial(_ask, agent, source, context, clock=clock, sinks=sinks, budget=budget),
                )
                for agent in agents
            ]
        )
        analyzers = frozenset(a.spec.name for a in agents if a.kind.analyzer)
        work = partial(settled, source, tuple(reports), analyzers, now=clock.now)
        result = await step("merge", work)
        result = await verified(
            verify,
            agents,
            result,
            source,
            step,
            analyzers=analyzers,
            clock=clock,
            sinks=sinks,
            budget=budget,
        )
        if judge is not None:
            result = await judged(
                judge,
                result,
                source,
                step,
                analyzers=analyzers,
                clock=clock,
                sinks=sinks,
                budget=budget,
            )
    finally:
        last = [] if result is None else result.later
        summary = RunSummary(
            started_at=started_at,
            finished_at=clock.now(),
            cancelled=len(reports) < len(agents),
            agent_runs=tuple(report.run for report in (*reports, *last)),
        )
        await finish_run(sinks, summary)
    return result


async def _all(works: Sequence[Awaitable[AgentReport]]) -> list[AgentReport]:
    """Every result; an error is raised only after nobody is at work any more."""
    results = await asyncio.gather(*works, return_exceptions=True)
    reports: list[AgentReport] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        reports.append(result)
    return reports


def _step_name(agent: Panelist) -> str:
    return f"agent {agent.spec.name}"


async def _ask(
    agent: Panelist,
    source: Source,
    context: ReviewContext,
    *,
    clock: Clock,
    sinks: Sequence[Sink],
    budget: Budget | None,
) -> AgentReport:
    spending = Spending(agent.spec, agent.kind, budget, _step_name(agent))
    with bound(agent=agent.spec.name):
        refusal = await spending.refusal()
        if refusal is not None:
            return await _not_started(agent, refusal, sinks)
        change = await source()
        config = spending.equipped(_config(agent, change, context))

        async def attempt(asked: RunConfig, seconds: float) -> AgentRun:
            return await _run(agent, asked, seconds, clock=clock, sinks=sinks)

        try:
            run, first = await run_until_readable(agent, change, config, attempt)
        finally:
            await spending.close()
        run = await spending.counted(run)
        _log.info("agent.ended", status=run.status.value, seconds=round(run.duration, 2))
    return reported(agent, run, first, change)


async def _not_started(agent: Panelist, refusal: OverBudget, sinks: Sequence[Sink]) -> AgentReport:
    """Nothing was asked, so nothing was spent; and nobody has looked, so nothing passed."""
    name, failure = agent.spec.name, Failure(kind=FailureKind.BUDGET, message=refusal.message)
    _log.warning("agent.over_budget", reason=refusal.message)
    async with attending(sinks) as audience:
        await audience.send(name, RunError(message=failure.message, kind=failure.kind))
    return AgentReport(
        agent=name,
        state=ReportState.NOT_STARTED,
        run=AgentRun(name=name, error=failure, cost_usd=Decimal(0)),
        required=agent.spec.required,
        reason=f"{failure.kind}: {failure.message}",
    )


async def _run(
    agent: Panelist, config: RunConfig, seconds: float, *, clock: Clock, sinks: Sequence[Sink]
) -> AgentRun:
    return await run_agent(
        agent.spec.name,
        agent.reviewer,
        config,
        sinks,
        timeout=seconds,
        idle_timeout=agent.kind.idle_timeout,
        clock=clock,
    )


def _config(agent: Panelist, change: Change, context: ReviewContext) -> RunConfig:
    spec = agent.spec
    config = RunConfig(
        skills=spec.skills,
        always_prompt=spec.prompt,
        guard=GUARDS[Role.REVIEWER],
        scope_base_ref=change.base_ref,
        checkpoint_context=context.checkpoints,
        starting_sha=change.head_sha,
        workspace=change.workspace,
        diff=change.diff,
        base_sha=change.base_sha,
        ignored=frozenset(skipped.path for skipped in change.skipped),
    )
    spelled = replace(config, skills=tuple(map(agent.kind.spell_skill, spec.skills)))
    return replace(config, prompt=compose(spelled, context))
