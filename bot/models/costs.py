"""What models were asked and answered, and what that costs.

Money is a `Decimal` of US dollars. None is "unknown", which is never 0 and never counted as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from typing_extensions import override


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUsage:
    """Tokens of one model. ``cache_read`` and ``cache_write`` are parts of ``input``."""

    model: str
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """Of ``cache_write`` what is kept for an hour, which costs more than the usual five minutes."""
    output: int = 0
    """Reasoning included."""
    cost_usd: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCall:
    """One answered (or torn) call, as it is written down for budgets."""

    run_id: str
    repo: str
    number: int
    agent: str
    step: str
    role: str
    usage: ModelUsage
    at: datetime


class Ticket(Protocol):
    """An admitted call, until it is settled."""


class Purse(Protocol):
    """Asked before each model call of one agent, told after it."""

    async def admit(self, model: str, *, input_tokens: int, output_tokens: int) -> Ticket:
        """Wait until the call fits under every limit; `OverBudget` when it never will.

        The two numbers are what the call may use at the most, as far as it can be told beforehand.
        """
        ...

    async def settle(self, ticket: Ticket, usage: ModelUsage | None) -> None:
        """The call is over. None: nobody said what it used."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What may be spent, in US dollars. None: as much as it takes."""

    run: Decimal | None = None
    pull: Decimal | None = None
    """Of a pull request's whole life."""
    month: Decimal | None = None
    """Of a calendar month (UTC), whatever it was spent on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What counts against each limit so far; a torn call counts with the most it may have cost."""

    agent: Decimal = Decimal(0)
    """Of one agent in one run."""
    run: Decimal = Decimal(0)
    pull: Decimal = Decimal(0)
    month: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """A sum of costs. With unknown parts it is "at least" what is known, or unknown."""

    known: Decimal = Decimal(0)
    calls: int = 0
    unknown: int = 0
    """How many of the calls nobody knows the cost of."""

    @override
    def __str__(self) -> str:
        if not self.unknown:
            return dollars(self.known)
        return f"at least {dollars(self.known)}" if self.known else "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What a run cost, and its pull request so far with it."""

    run: Total
    pull: Total


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """What one agent used of one model in one step, all of its calls together."""

    agent: str
    step: str
    role: str
    model: str
    """Empty: nobody said which."""
    input: int
    cache_read: int
    cache_write: int
    output: int
    cost: Total


def dollars(amount: Decimal | None) -> str:
    """``$1.50``; below a cent with two digits that count: a little is not shown as nothing."""
    if amount is None:
        return "unknown"
    if not amount or abs(amount) >= Decimal("0.01"):
        return f"${amount:,.2f}"
    return f"${amount:.{1 - amount.adjusted()}f}"
