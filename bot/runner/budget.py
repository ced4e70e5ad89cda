"""Limits of money: each model call is admitted under all of them, or refused, or waits.

A call is admitted when every limit has room for the most it may cost beside what is spent and what
is under way; or when a limit is not reached and no other call that counts against it is under way.
So what is spent in the end is over a limit by less than one call, however many agents ask at once.
Several processes see each other's calls when these are over, and so each of them may be over a
limit that they share by one call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from bot.agents.audience import uninterrupted
from bot.clock import Clock
from bot.errors import OverBudget, TryLater
from bot.log import logger
from bot.models import AgentSpec, Limits, ModelCall, ModelUsage, Repo, Role, Ticket
from bot.runner.book import Book
from bot.runner.limits import Admitted, Scope, fits, month_start, rules, scopes, scopes_of
from bot.runner.prices import MAX_NAME, bound, price, price_of_many

_log = logger(__name__)


class Budgets:
    """All money of this process. One for all runs: their calls count against the same limits."""

    def __init__(self, book: Book, clock: Clock) -> None:
        self.clock = clock
        self._book = book
        self._changed = asyncio.Condition()
        self._under_way: set[Admitted] = set()
        self._unwritten: list[tuple[ModelCall, Decimal]] = []
        """Calls that the book could not take yet; they count all the same."""

    def of_run(self, run_id: str, repo: Repo, number: int, limits: Limits) -> Budget:
        return Budget(budgets=self, run_id=run_id, repo=repo, number=number, limits=limits)

    async def check(self, purse: Purse) -> None:
        """`OverBudget` for the first limit that is reached."""
        async with self._changed:
            await self._spent(purse)

    async def admit(self, purse: Purse, ticket: Admitted) -> None:
        async with self._changed:
            # Each wait is for a call of this process, which ends with its agent at the latest.
            while not self._fits(purse, ticket, await self._spent(purse)):
                await self._changed.wait()
            self._under_way.add(ticket)

    async def settle(self, ticket: Admitted | None, call: ModelCall, charged: Decimal) -> None:
        """The call is over (None: it was never asked for, and is only written down)."""
        async with self._changed:
            self._unwritten.append((call, charged))
            if ticket is not None:
                self._under_way.discard(ticket)
            self._changed.notify_all()
            await self._write()

    def _fits(self, purse: Purse, ticket: Admitted, spent: Mapping[Scope, Decimal]) -> bool:
        return fits(purse.rules, spent, tuple(self._under_way), ticket.most or Decimal(0))

    async def _spent(self, purse: Purse) -> dict[Scope, Decimal]:
        """What counts against each limit by now; `OverBudget` if one of them is reached."""
        if not purse.rules:
            return {}
        # Written whole even if the asker goes away meanwhile, or it would be written once more.
        await uninterrupted(self._write())
        by_scope = await purse.budget.spent(self._book, purse.agent, self.clock.now())
        for call, charged in self._unwritten:
            for scope in scopes_of(call):
                by_scope[scope] = by_scope.get(scope, Decimal(0)) + charged
        for rule in purse.rules:
            reached = rule.reached(by_scope[rule.scope])
            if reached is not None:
                raise reached
        return by_scope

    async def _write(self) -> None:
        while self._unwritten:
            call, charged = self._unwritten[0]
            try:
                await self._book.add_call(call, charged)
            except TryLater as error:
                _log.warning("budget.unwritten", calls=len(self._unwritten), error=str(error))
                return
            self._unwritten.pop(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The money of one run."""

    budgets: Budgets
    run_id: str
    repo: Repo
    number: int
    limits: Limits

    def purse(self, spec: AgentSpec, step: str, role: Role = Role.REVIEWER) -> Purse:
        """For one agent in one step."""
        return Purse(self, spec, step, role)

    def scopes(self, agent: str) -> tuple[Scope, Scope, Scope, Scope]:
        return scopes(self.run_id, agent, self.repo.full_name, self.number)

    async def spent(self, book: Book, agent: str, now: datetime) -> dict[Scope, Decimal]:
        since = None if self.limits.month is None else month_start(now)
        sums = await book.spent(self.run_id, agent, self.repo, self.number, since)
        amounts = (sums.agent, sums.run, sums.pull, sums.month)
        return dict(zip(self.scopes(agent), amounts, strict=True))


class Purse:
    """The `bot.models.Purse` of one agent in one step; it remembers what its calls used."""

    def __init__(self, budget: Budget, spec: AgentSpec, step: str, role: Role) -> None:
        self.budget = budget
        self.agent = spec.name
        self.rules = rules(spec, budget.limits, budget.scopes(spec.name))
        self.refusal: OverBudget | None = None
        """Why a call was refused, if one was."""
        self._clock = budget.budgets.clock
        self._step = step
        self._role = role
        self._under_way: set[Admitted] = set()
        self._calls: list[ModelUsage] = []

    async def check(self) -> None:
        """`OverBudget` if nothing may be spent any more."""
        await self.budget.budgets.check(self)

    async def admit(self, model: str, *, input_tokens: int, output_tokens: int) -> Ticket:
        """Wait until the call fits under every limit; `OverBudget` when it never will."""
        now = self._clock.now()
        most = bound(model, input_tokens=input_tokens, output_tokens=output_tokens, at=now)
        ticket = Admitted(model=model, most=most, scopes=self.budget.scopes(self.agent))
        try:
            if self.rules and most is None:
                raise self._unpriced(model)
            await self.budget.budgets.admit(self, ticket)
        except OverBudget as error:
            self.refusal = self.refusal or error
            raise
        self._under_way.add(ticket)
        return ticket

    async def settle(self, ticket: Ticket, usage: ModelUsage | None) -> None:
        """The call is over. None: nobody said what it used. A second time says nothing new."""
        if not isinstance(ticket, Admitted) or ticket not in self._under_way:
            return
        self._under_way.discard(ticket)
        known = ModelUsage(model=ticket.model) if usage is None else self._priced(usage)
        charged = ticket.most if known.cost_usd is None else known.cost_usd
        await self._enter(ticket, known, charged or Decimal(0))

    async def note(self, usage: ModelUsage) -> None:
        """Write down calls that did not pass through here, by the program's own word."""
        known = self._priced(usage, price_of_many)
        charged = known.cost_usd
        if charged is None:
            charged = bound(
                usage.model,
                input_tokens=usage.input,
                output_tokens=usage.output,
                at=self._clock.now(),
            )
        await self._enter(None, known, charged or Decimal(0))

    async def close(self) -> None:
        """The agent ended: what is still under way has come to nothing that anybody can tell."""
        for ticket in list(self._under_way):
            await self.settle(ticket, None)

    @property
    def usage(self) -> tuple[ModelUsage, ...]:
        """By model; a cost is unknown if that of any call is."""
        by_model: dict[str, ModelUsage] = {}
        for call in self._calls:
            before = by_model.get(call.model)
            by_model[call.model] = call if before is None else _added(before, call)
        return tuple(by_model.values())

    def _priced(
        self, usage: ModelUsage, listed: Callable[..., Decimal | None] = price
    ) -> ModelUsage:
        """Its own figure where it has one that can be; else the list's."""
        cost = usage.cost_usd
        if cost is None or not cost.is_finite() or cost < 0:
            cost = listed(usage, at=self._clock.now())
        return replace(usage, cost_usd=cost)

    async def _enter(self, ticket: Admitted | None, usage: ModelUsage, charged: Decimal) -> None:
        usage = replace(usage, model=usage.model[:MAX_NAME])  # the agent chose it
        self._calls.append(usage)
        call = ModelCall(
            run_id=self.budget.run_id,
            repo=self.budget.repo.full_name,
            number=self.budget.number,
            agent=self.agent,
            step=self._step,
            role=self._role.value,
            usage=usage,
            at=self._clock.now(),
        )
        await uninterrupted(self.budget.budgets.settle(ticket, call, charged))

    def _unpriced(self, model: str) -> OverBudget:
        settings = ", ".join(rule.setting for rule in self.rules)
        return OverBudget(
            f"no price is known for the model {model[:100]!r}, so no limit can be kept: name a"
            f" model with a price, or remove the limit ({settings})"
        )


def total_cost(usages: Iterable[ModelUsage]) -> Decimal | None:
    """None if any part is unknown."""
    costs = [usage.cost_usd for usage in usages]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _added(one: ModelUsage, other: ModelUsage) -> ModelUsage:
    return ModelUsage(
        model=one.model,
        input=one.input + other.input,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        cache_write_1h=one.cache_write_1h + other.cache_write_1h,
        output=one.output + other.output,
        cost_usd=total_cost((one, other)),
    )
