"""An agent's reports on the parts of one change, as its one report. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.models import AgentReport, AgentRun, AgentSpec, ReportState
from bot.runner.again import summed

_WORST = (
    ReportState.FINISHED,
    ReportState.NOT_STARTED,
    ReportState.FAILED,
    ReportState.CANCELLED,
)


def share_of(spec: AgentSpec, parts: int) -> AgentSpec:
    """Its limit of money is one for the whole change."""
    if spec.budget_usd is None or parts <= 1:
        return spec
    return replace(spec, budget_usd=spec.budget_usd / parts)


def combined(reports: Sequence[AgentReport]) -> AgentReport:
    """Finished only if every part is; what one part found is kept whatever became of the others.

    Reasons and problems name their part.
    """
    if len(reports) == 1:
        return reports[0]
    worst = max(reports, key=lambda report: _WORST.index(report.state))
    named = list(enumerate(reports, start=1))
    reasons = [f"part {n}: {r.reason}" for n, r in named if r.reason]
    return replace(
        worst,
        run=combined_run([report.run for report in reports], worst.run),
        # What it says again in the same words, having looked beyond its part, it says once.
        findings=tuple(dict.fromkeys(f for report in reports for f in report.findings)),
        summary=_joined([report.summary for report in reports]),
        praise=tuple(dict.fromkeys(words for report in reports for words in report.praise)),
        guidance=_joined([report.guidance for report in reports]),
        reason="; ".join(reasons),
        problems=tuple(f"part {n}: {problem}" for n, r in named for problem in r.problems),
        untouched=sum(report.untouched for report in reports),
        files=sum(report.files or 0 for report in reports),
    )


def combined_run(runs: Sequence[AgentRun], worst: AgentRun) -> AgentRun:
    """Of what one part does not know, the sum is unknown; times add up, for parts take turns."""
    known = [run.cost_usd for run in runs if run.cost_usd is not None]
    return replace(
        worst,
        tokens=summed([run.tokens for run in runs]),
        usage=tuple(usage for run in runs for usage in run.usage),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(runs) else None,
        duration=sum(run.duration for run in runs),
        started_at=runs[0].started_at,
        answer=_joined([run.answer for run in runs]),
        elided=sum(run.elided for run in runs),
    )


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text.strip() for text in texts if text.strip())
