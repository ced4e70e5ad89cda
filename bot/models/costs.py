"""What models were asked and answered, and what that costs.

Money is a `Decimal` of US dollars. None is "unknown", which is never 0 and never counted as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUsage:
    """Tokens of one model. ``cache_read`` and ``cache_write`` are parts of ``input``."""

    model: str
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
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
