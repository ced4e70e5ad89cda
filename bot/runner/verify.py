"""A second opinion: another agent is asked to refute one issue against the code, for each issue.

Every question is a step of its own. What an agent that fails would have said is unknown, and
changes nothing but its own row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.verifying import compose_question
from bot.findings.verifying import candidates, parse_opinion, second, weigh
from bot.models import (
    AgentReport,
    Change,
    Issue,
    Opinion,
    ReportState,
    ReviewResult,
    Verified,
    VerifyMode,
)
from bot.runner.budget import Budget
from bot.runner.member import Panelist, Source, Step, outcome, told_warnings
from bot.runner.question import ask

AT_ONCE = 4
"""Questions asked at the same time."""


async def verified(
    mode: VerifyMode,
    agents: Sequence[Panelist],
    result: ReviewResult,
    source: Source,
    step: Step,
    *,
    analyzers: Collection[str],
    clock: Clock,
    sinks: Sequence[Sink] = (),
    budget: Budget | None = None,
) -> ReviewResult:
    """The result with refuted issues set apart, and what was said of the others."""
    finished = {r.agent for r in result.reports if r.state is ReportState.FINISHED}
    able = [a for a in agents if a.spec.name in finished and a.spec.name not in analyzers]
    asked = candidates(result.issues, mode, analyzers=analyzers, finished=finished)
    free = asyncio.Semaphore(AT_ONCE)

    async def opinion(issue: Issue, agent: Panelist) -> AgentReport:
        work = partial(_ask, agent, issue, source, clock=clock, sinks=sinks, budget=budget)
        async with free:
            return await step(f"verify {issue.id}", work)

    by_name = {agent.spec.name: agent for agent in able}
    chosen = [(issue, second(issue, list(by_name), n)) for n, issue in enumerate(asked)]
    reports = await asyncio.gather(
        *(opinion(issue, by_name[name]) for issue, name in chosen if name is not None)
    )
    opinions = [report.opinion for report in reports if report.opinion is not None]
    return replace(weigh(result, opinions), verifiers=tuple(reports))


async def _ask(
    agent: Panelist,
    issue: Issue,
    source: Source,
    *,
    clock: Clock,
    sinks: Sequence[Sink],
    budget: Budget | None,
) -> AgentReport:
    def compose(change: Change) -> str:
        ignored = {skipped.path for skipped in change.skipped}
        return compose_question(issue, change.diff, ignored=ignored, own_words=agent.spec.prompt)

    by = agent.spec.name
    name, step = f"{by} on {issue.id}", f"verify {issue.id}"
    run = await ask(
        agent, compose, source, name=name, step=step, clock=clock, sinks=sinks, budget=budget
    )
    said = parse_opinion(run.answer, issue.id, by)
    state, reason = outcome(run, readable=bool(said.reason) or said.verified is Verified.UNKNOWN)
    if state is not ReportState.FINISHED:
        said = Opinion(issue=issue.id, verified=Verified.UNKNOWN, reason=reason, by=by)
    return AgentReport(
        agent=name,
        state=state,
        run=replace(run, buffer=()),
        required=False,
        reason=reason,
        problems=told_warnings(run),
        opinion=said,
    )
