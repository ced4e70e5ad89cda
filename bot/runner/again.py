"""One more question to an agent that did its work, and whose answer cannot be read.

It is asked to do the whole of it again, and to end as it was told: to be asked only for the form of
an answer that nobody understood, it could say "nothing" without having looked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.models import AgentReport, AgentRun, AgentStatus, Change, ReportState, RunConfig, Tokens
from bot.runner.member import Panelist
from bot.runner.reading import read_report, unreadable

LEAST_SECONDS = 30.0
"""With less of its time left nobody is asked again."""
NOTE = """\
You have done this once before, and your answer could not be used, because it did not end with the
JSON object that is asked for above. Do it again, and end with that object and nothing after it."""
TOLD = "its first answer could not be read, so it was asked once more"

Run = Callable[[RunConfig, float], Awaitable[AgentRun]]
"""Runs the agent with this prompt, for at most so many seconds."""


async def run_until_readable(
    agent: Panelist, change: Change, config: RunConfig, run: Run
) -> tuple[AgentRun, AgentRun | None]:
    """(all its runs as one, the first one if there was a second)."""
    first = await run(config, agent.spec.timeout)
    left = agent.spec.timeout - first.duration
    if (
        agent.kind.analyzer
        or first.status is not AgentStatus.SUCCEEDED
        or left < LEAST_SECONDS
        or not unreadable(agent, first, change)
    ):
        return first, None
    second = await run(replace(config, prompt=f"{config.prompt}\n{NOTE}\n"), left)
    return _together(first, second), first


def reported(
    agent: Panelist,
    run: AgentRun,
    first: AgentRun | None,
    change: Change,
    config: RunConfig,
) -> AgentReport:
    """Of both answers; what the first one reported as prose is not lost if the second has nothing.

    Whether it finished, the second one says: unless that failed and the first one was complete.
    """
    report = read_report(agent, run, change, config)
    if first is None:
        return report
    before = read_report(agent, first, change, config)
    if report.state is not ReportState.FINISHED and before.state is ReportState.FINISHED:
        return replace(before, run=report.run, problems=(*before.problems, TOLD))
    findings = report.findings or before.findings
    return replace(report, findings=findings, problems=(TOLD, *report.problems))


def _together(first: AgentRun, second: AgentRun) -> AgentRun:
    return replace(
        second,
        tokens=summed([first.tokens, second.tokens]),
        started_at=first.started_at,
        duration=first.duration + second.duration,
        buffer=(*first.buffer, *second.buffer),
        elided=first.elided + second.elided,
    )


def summed(every: Sequence[Tokens]) -> Tokens:
    """Of what one of them does not know, the sum is unknown."""
    known = [tokens.cost_usd for tokens in every if tokens.cost_usd is not None]
    return Tokens(
        input=sum(tokens.input for tokens in every),
        output=sum(tokens.output for tokens in every),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(every) else None,
        by_model=tuple(usage for tokens in every for usage in tokens.by_model),
    )
