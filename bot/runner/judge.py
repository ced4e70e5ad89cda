"""The judge: one more agent, after the merge, that may hold back what the code refutes.

It reads what at least two coding agents reported and answers with ids. Whatever goes wrong with it
holds nothing back, is told in its row, and changes no conclusion.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from bot.agents.fanout import run_agent
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.judging import compose_judgement, fitting
from bot.context.prompt import GUARDS
from bot.findings.judging import candidates, hold_back, parse_judgement
from bot.guard import Failed, guard
from bot.log import bound, logger
from bot.models import (
    AgentReport,
    AgentRun,
    AgentStatus,
    Change,
    Failure,
    FailureKind,
    Issue,
    ReportState,
    ReviewResult,
    Role,
    RunConfig,
)
from bot.runner.budget import Budget
from bot.runner.member import Panelist, Source, Step, outcome, told_warnings
from bot.runner.spending import Spending

STEP = "judge"
USABLE = 2
"""Reports of coding agents that must have finished: with one there is nothing to weigh."""

_log = logger(__name__)


async def judged(
    judge: Panelist,
    result: ReviewResult,
    source: Source,
    step: Step,
    *,
    analyzers: Collection[str],
    clock: Clock,
    sinks: Sequence[Sink] = (),
    budget: Budget | None = None,
) -> ReviewResult:
    """The result with what the judge holds back set apart; unchanged where it has no say."""
    usable = _usable(result.reports, analyzers)
    asked = fitting(candidates(result.issues, analyzers))
    if len(usable) < USABLE or not asked:
        return result
    spending = Spending(judge.spec, judge.kind, budget, STEP)
    ask = partial(_ask, judge, usable, asked, source, spending, clock=clock, sinks=sinks)
    report: AgentReport = await step(STEP, ask)
    decided = hold_back(result, report.rejected, by=judge.spec.name, analyzers=analyzers)
    return replace(decided, judge=report)


def _usable(reports: Sequence[AgentReport], analyzers: Collection[str]) -> tuple[AgentReport, ...]:
    return tuple(
        report
        for report in reports
        if report.state is ReportState.FINISHED and report.agent not in analyzers
    )


async def _ask(
    judge: Panelist,
    reports: Sequence[AgentReport],
    asked: Sequence[Issue],
    source: Source,
    spending: Spending,
    *,
    clock: Clock,
    sinks: Sequence[Sink],
) -> AgentReport:
    with bound(agent=judge.spec.name):
        refusal = await spending.refusal()
        if refusal is None:
            work = _run(judge, reports, asked, source, spending, clock=clock, sinks=sinks)
            done = await guard("judge", work)
            if isinstance(done, Failed):
                done = _failed(judge, FailureKind.CRASHED, done.reason)
        else:
            done = _failed(judge, FailureKind.BUDGET, refusal.message)
        _log.info("judge.ended", status=done.status.value, seconds=round(done.duration, 2))
    return _report(judge, done, asked)


def _failed(judge: Panelist, kind: FailureKind, reason: str) -> AgentRun:
    failure = Failure(kind=kind, message=reason)
    return AgentRun(name=judge.spec.name, status=AgentStatus.FAILED, error=failure)


async def _run(
    judge: Panelist,
    reports: Sequence[AgentReport],
    asked: Sequence[Issue],
    source: Source,
    spending: Spending,
    *,
    clock: Clock,
    sinks: Sequence[Sink],
) -> AgentRun:
    change = await source()
    try:
        run = await run_agent(
            judge.spec.name,
            judge.reviewer,
            spending.equipped(_config(judge, reports, asked, change)),
            sinks,
            timeout=judge.spec.timeout,
            idle_timeout=judge.kind.idle_timeout,
            clock=clock,
        )
    finally:
        await spending.close()
    return await spending.counted(run)


def _config(
    judge: Panelist, reports: Sequence[AgentReport], asked: Sequence[Issue], change: Change
) -> RunConfig:
    ignored = frozenset(skipped.path for skipped in change.skipped)
    return RunConfig(
        guard=GUARDS[Role.REVIEWER],
        contract_answer=False,
        scope_base_ref=change.base_ref,
        starting_sha=change.head_sha,
        workspace=change.workspace,
        diff=change.diff,
        base_sha=change.base_sha,
        ignored=ignored,
        prompt=compose_judgement(
            asked, reports, change.diff, ignored=ignored, own_words=judge.spec.prompt
        ),
    )


def _report(judge: Panelist, run: AgentRun, asked: Sequence[Issue]) -> AgentReport:
    """Only a judge that finished, and whose answer can be read, has rejected anything."""
    judgement = parse_judgement(run.answer, {issue.id for issue in asked})
    state, reason = outcome(run, readable=judgement.readable)
    finished = state is ReportState.FINISHED
    return AgentReport(
        agent=judge.spec.name,
        state=state,
        run=replace(run, buffer=()),
        required=False,
        summary=judgement.summary if finished else "",
        reason=reason,
        problems=(*told_warnings(run), *(judgement.problems if finished else ())),
        rejected=judgement.rejected if finished else (),
    )
