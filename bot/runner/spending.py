"""What one agent of a review may spend, and what it has spent once it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bot.agents.reviewer import AgentKind
from bot.errors import OverBudget
from bot.models import (
    AgentRun,
    AgentSpec,
    AgentStatus,
    Failure,
    FailureKind,
    ModelUsage,
    Role,
    RunConfig,
    RunError,
    Tokens,
)
from bot.runner.budget import Budget, Purse, total_cost

_NEVER_RAN = frozenset({FailureKind.NOT_FOUND, FailureKind.MISCONFIGURED, FailureKind.SANDBOX})


class Spending:
    """One agent's money in one step. An analyzer has none; without a budget nothing is counted."""

    def __init__(
        self,
        spec: AgentSpec,
        kind: AgentKind,
        budget: Budget | None,
        step: str,
        role: Role = Role.REVIEWER,
    ) -> None:
        self._spec = spec
        self._kind = kind
        self._purse: Purse | None = None
        if budget is not None and not kind.analyzer:
            self._purse = budget.purse(spec, step, role)

    async def refusal(self) -> OverBudget | None:
        """Why it may not even start; None if it may."""
        if self._purse is None or not self._purse.rules:
            return None
        if not self._kind.costs:
            return self._uncountable(self._purse) if self._pays_by_itself() else None
        try:
            await self._purse.check()
        except OverBudget as error:
            return error
        return None

    def equipped(self, config: RunConfig) -> RunConfig:
        """The configuration with the purse, which also tells tokens where the program does not."""
        if self._purse is None or not self._kind.costs:
            return config
        return replace(config, purse=self._purse, enrich_agent_run=self._tokens)

    async def close(self) -> None:
        """The agent ended, in whatever way."""
        if self._purse is not None:
            await self._purse.close()

    async def counted(self, run: AgentRun) -> AgentRun:
        """The run with what it used and cost: its own figure, else the priced calls."""
        if self._kind.analyzer:
            # It calls no model: that it costs nothing is known, not unknown.
            return replace(run, cost_usd=Decimal(0))
        told = run.tokens
        if self._purse is None:
            return replace(run, usage=told.by_model, cost_usd=told.cost_usd)
        if not self._purse.usage:
            await self._note(self._purse, run)
        seen = tuple(usage for usage in self._purse.usage if usage.input or usage.output)
        cost = total_cost(self._purse.usage)
        if told.cost_usd is not None and (cost is not None or not self._purse.usage):
            cost = told.cost_usd  # its own figure, unless a call came to an end it knows nothing of
        counted = replace(run, usage=told.by_model or seen, cost_usd=cost)
        return _refused(counted, self._purse.refusal)

    async def _tokens(self, run: AgentRun) -> AgentRun:
        """The hook: what passed through our own process, if the program told nothing itself."""
        await self.close()
        if self._purse is None or run.tokens.input or run.tokens.output:
            return replace(run, tokens=Tokens())
        usage = self._purse.usage
        tokens = Tokens(input=sum(u.input for u in usage), output=sum(u.output for u in usage))
        return replace(run, tokens=tokens)

    async def _note(self, purse: Purse, run: AgentRun) -> None:
        """None of its calls passed through here: its own word counts, or its cost is unknown."""
        if run.error is None or run.error.kind not in _NEVER_RAN:
            for usage in _by_its_word(run.tokens, self._spec.model):
                await purse.note(usage)

    def _pays_by_itself(self) -> bool:
        return bool(self._spec.base_url or self._spec.api_key_env or self._spec.api_key_file)

    def _uncountable(self, purse: Purse) -> OverBudget:
        settings = ", ".join(rule.setting for rule in purse.rules)
        spec = self._spec
        where = f"reaches {spec.base_url}" if spec.base_url else "has a key and calls its model"
        remedy = "base_url" if spec.base_url else "api_key_env or api_key_file"
        return OverBudget(
            f"it {where} by itself, so what it costs cannot be known and no limit can be kept:"
            f" remove its {remedy}, or the limit ({settings})"
        )


def _by_its_word(tokens: Tokens, model: str) -> Iterator[ModelUsage]:
    """By model where that adds up to the program's own figure."""
    if tokens.by_model and tokens.cost_usd in (None, total_cost(tokens.by_model)):
        yield from tokens.by_model
        return
    models = {usage.model for usage in tokens.by_model}
    yield ModelUsage(
        model=models.pop() if len(models) == 1 else model,
        input=tokens.input,
        output=tokens.output,
        cost_usd=tokens.cost_usd,
    )


def _refused(run: AgentRun, refusal: OverBudget | None) -> AgentRun:
    """A failure after a refused call is the limit's; a success without that call says so."""
    if refusal is None:
        return run
    if run.status is AgentStatus.FAILED:
        failure = Failure(kind=FailureKind.BUDGET, message=refusal.message)
        return replace(run, error=failure)
    warning = RunError(
        message=f"a call was refused: {refusal.message}", kind=FailureKind.BUDGET, warning=True
    )
    return replace(run, buffer=(*run.buffer, warning))
