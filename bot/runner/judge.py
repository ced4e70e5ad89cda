"""The judge: one more agent, after the merge, that may hold back what the code refutes.

It reads what at least two coding agents reported and answers with ids. Whatever goes wrong with it
holds nothing back, is told in its row, and changes no conclusion.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.judging import compose_judgement, fitting
from bot.findings.judging import candidates, hold_back, parse_judgement
from bot.models import (
    AgentReport,
    AgentRun,
    Change,
    Issue,
    ReportState,
    ReviewResult,
)
from bot.runner.budget import Budget
from bot.runner.member import Panelist, Source, Step, outcome, told_warnings
from bot.runner.question import ask

STEP = "judge"
USABLE = 2
"""Reports of coding agents that must have finished: with one there is nothing to weigh."""


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
    work = partial(_ask, judge, usable, asked, source, clock=clock, sinks=sinks, budget=budget)
    report: AgentReport = await step(STEP, work)
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
    *,
    clock: Clock,
    sinks: Sequence[Sink],
    budget: Budget | None,
) -> AgentReport:
    def compose(change: Change) -> str:
        ignored = {skipped.path for skipped in change.skipped}
        return compose_judgement(
            asked, reports, change.diff, ignored=ignored, own_words=judge.spec.prompt
        )

    name = judge.spec.name
    run = await ask(
        judge, compose, source, name=name, step=STEP, clock=clock, sinks=sinks, budget=budget
    )
    return _report(judge, run, asked)


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
