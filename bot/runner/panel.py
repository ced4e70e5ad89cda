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

from bot.agents.analyzer import touched
from bot.agents.audience import attending
from bot.agents.fanout import finish_run, run_agent
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.prompt import GUARDS, compose, left_out
from bot.errors import OverBudget
from bot.findings.parse import parse_answer
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
)
from bot.models.context import ReviewContext
from bot.models.text import visible
from bot.runner.budget import Budget
from bot.runner.judge import judged
from bot.runner.member import Panelist, Source, Step, outcome, told_warnings
from bot.runner.settling import settled
from bot.runner.spending import Spending

_log = logger(__name__)

MAX_NAMES = 10


async def review(
    source: Source,
    agents: Sequence[Panelist],
    context: ReviewContext,
    step: Step,
    *,
    clock: Clock,
    sinks: Sequence[Sink] = (),
    judge: Panelist | None = None,
    budget: Budget | None = None,
) -> ReviewResult:
    """Let every agent read the change at the same time, and merge what they say.

    With a ``budget`` each call of a model is counted, and nobody starts who may spend nothing. A
    ``judge`` then has its say; the run is over for the sinks when it has.
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
        result = await step("merge", partial(settled, source, tuple(reports), analyzers))
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
        last = [result.judge] if result is not None and result.judge is not None else []
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
        try:
            run = await _run(agent, config, clock=clock, sinks=sinks)
        finally:
            await spending.close()
        run = await spending.counted(run)
        _log.info("agent.ended", status=run.status.value, seconds=round(run.duration, 2))
    return _report(agent, run, change)


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
    agent: Panelist, config: RunConfig, *, clock: Clock, sinks: Sequence[Sink]
) -> AgentRun:
    return await run_agent(
        agent.spec.name,
        agent.reviewer,
        config,
        sinks,
        timeout=agent.spec.timeout,
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


def _report(agent: Panelist, run: AgentRun, change: Change) -> AgentReport:
    """An agent that did not finish keeps what can be read, and never counts as finished."""
    paths = {file.path for file in change.diff.files}
    answer = parse_answer(run.answer, agent=agent.spec.name, paths=paths)
    findings, untouched = answer.findings, 0
    if agent.kind.analyzer:
        findings, untouched = touched(findings, change.diff)
    ignored = {skipped.path for skipped in change.skipped}
    state, reason = outcome(run, readable=answer.readable)
    return AgentReport(
        agent=agent.spec.name,
        state=state,
        # Events were for the sinks; what is recorded is the narrative and the outcome.
        run=replace(run, buffer=()),
        required=agent.spec.required,
        findings=tuple(finding for finding in findings if finding.file not in ignored),
        summary=answer.summary,
        praise=answer.praise,
        guidance=answer.guidance,
        reason=reason,
        problems=(*_clipped(agent, change, ignored), *told_warnings(run), *answer.problems),
        untouched=untouched,
    )


def _clipped(agent: Panelist, change: Change, ignored: set[str]) -> tuple[str, ...]:
    """A prompt that did not hold the whole diff is told: what was in it is all that is sure."""
    paths = () if agent.kind.analyzer else left_out(change.diff, frozenset(ignored))
    names = ", ".join(visible(path) for path in paths[:MAX_NAMES])
    more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
    return (f"the diff of {names}{more} did not fit in its prompt",) if paths else ()
