"""Pull requests with the same head share its check: the newest one must not hide a worse verdict.

GitHub shows checks by commit. Whoever opened a second pull request from the same branch, as a draft
or against a branch that holds most of it already, would turn a failing head green for both.
"""

from __future__ import annotations

from dataclasses import replace

from bot.github.repository import RepoClient
from bot.models import Conclusion, Decision, ReviewPlan, RunRecord, RunState
from bot.tasks.services import Services

PASSING = frozenset({Conclusion.SUCCESS, Conclusion.NEUTRAL})
"""GitHub lets a required check pass with either."""

_TOLD = (RunState.FINISHED, RunState.FAILED)


async def shared_verdict(
    services: Services, client: RepoClient, plan: ReviewPlan, decision: Decision
) -> Decision:
    """The run's own, unless it passes and that of another open pull request does not."""
    if decision.conclusion not in PASSING:
        return decision
    for run in await _others(services, plan):
        conclusion = Conclusion(run.conclusion)
        if conclusion in PASSING:
            continue
        other = await client.pull(run.number)
        if other.state == "open" and other.head_sha == plan.pull.head_sha:
            words = f"pull request {run.number} has the same commit: {run.title}"
            return replace(decision, conclusion=conclusion, title=words)
    return decision


async def _others(services: Services, plan: ReviewPlan) -> list[RunRecord]:
    """The last word of every other pull request about this head."""
    newest: dict[int, RunRecord] = {}
    for run in await services.store.runs_for_head(plan.pull.repo, plan.pull.head_sha):
        if run.number != plan.pull.number and run.state in _TOLD:
            newest.setdefault(run.number, run)
    return [newest[number] for number in sorted(newest)]
