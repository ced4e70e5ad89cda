"""What a limit of money is, and the decision whether one more call fits under all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.errors import OverBudget
from bot.models import AgentSpec, Limits, ModelCall, dollars

Scope = tuple[str, ...]
"""What a limit is about: one agent's calls in a run, a run's, a pull request's, all of a month."""

MONTH: Scope = ("month",)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Admitted:
    """A call under way, with the most it may cost (None: nobody knows, and there is no limit)."""

    model: str
    most: Decimal | None
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One limit as it applies to one agent."""

    scope: Scope
    limit: Decimal
    setting: str
    says: str

    def reached(self, spent: Decimal) -> OverBudget | None:
        """The error to raise if nothing may be spent any more."""
        if spent < self.limit:
            return None
        figures = self.says.format(spent=dollars(spent), limit=dollars(self.limit))
        return OverBudget(f"{figures} ({self.setting})")


def scopes(run_id: str, agent: str, repo: str, number: int) -> tuple[Scope, Scope, Scope, Scope]:
    """The agent's, the run's, the pull request's and the month's."""
    return ("agent", run_id, agent), ("run", run_id), ("pull", repo, str(number)), MONTH


def scopes_of(call: ModelCall) -> tuple[Scope, ...]:
    return scopes(call.run_id, call.agent, call.repo, call.number)


def rules(
    spec: AgentSpec, limits: Limits, where: tuple[Scope, Scope, Scope, Scope]
) -> tuple[Rule, ...]:
    """Every limit that is set and counts for this agent, the narrowest first."""
    amounts = (spec.budget_usd, limits.run, limits.pull, limits.month)
    settings = (
        f"agent {spec.name}: budget_usd",
        "HARNESS_BUDGET_RUN_USD",
        "HARNESS_BUDGET_PR_USD",
        "HARNESS_BUDGET_MONTH_USD",
    )
    says = (
        "the agent has spent {spent} of {limit}",
        "the run has spent {spent} of {limit}",
        "the pull request has spent {spent} of {limit}",
        "{spent} of {limit} are spent this month",
    )
    return tuple(
        Rule(scope=scope, limit=limit, setting=setting, says=words)
        for scope, limit, setting, words in zip(where, amounts, settings, says, strict=True)
        if limit is not None
    )


def fits(
    given: Sequence[Rule],
    spent: Mapping[Scope, Decimal],
    under_way: Sequence[Admitted],
    most: Decimal,
) -> bool:
    """Whether one more call may begin now. No limit is reached, or this is not asked any more.

    It may where the most it can cost fits beside everything else, and else only alone: then what
    is over the limit in the end is a part of this one call.
    """
    for rule in given:
        others = [call for call in under_way if rule.scope in call.scopes]
        reserved = sum((call.most or Decimal(0) for call in others), Decimal(0))
        if others and spent[rule.scope] + reserved + most > rule.limit:
            return False
    return True


def month_start(moment: datetime) -> datetime:
    """When the calendar month began that this moment (UTC) is in."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
