"""What the turns of a loop cost, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bot.models import AgentReport, AgentRun, CostLine, ModelUsage, Played, Role, Total
from bot.runner.budget import total_cost

ROLES = {"plan": Role.PLANNER, "execute": Role.DEVELOPER, "refactor": Role.DEVELOPER}


def used(run: AgentRun, model: str = "") -> tuple[ModelUsage, ...]:
    """What a run used: by model where that adds up to its cost. A cost nobody knows is a line."""
    if run.usage and total_cost(run.usage) == run.cost_usd:
        return run.usage
    if run.cost_usd == 0 and not run.tokens.input and not run.tokens.output:
        return ()
    return (
        ModelUsage(
            model=model,
            input=run.tokens.input,
            output=run.tokens.output,
            cost_usd=run.cost_usd,
        ),
    )


def of_turn(turn: Played, step: str) -> tuple[CostLine, ...]:
    role = ROLES.get(step.split()[0], Role.REVIEWER)
    return tuple(_line(usage, step, turn.agent, role) for usage in turn.usage)


def of_reports(reports: Iterable[AgentReport], step: str) -> tuple[CostLine, ...]:
    return tuple(
        _line(usage, step, report.agent, Role.REVIEWER)
        for report in reports
        for usage in used(report.run)
    )


def _line(usage: ModelUsage, step: str, agent: str, role: Role) -> CostLine:
    return CostLine(
        agent=agent,
        step=step,
        role=role.value,
        model=usage.model,
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        output=usage.output,
        cost=Total(
            known=usage.cost_usd or Decimal(0), calls=1, unknown=int(usage.cost_usd is None)
        ),
    )
