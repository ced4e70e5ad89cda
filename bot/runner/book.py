"""Where calls are written down: the store, or the memory of a local review."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.models import ModelCall, Repo, Spent
from bot.runner.limits import MONTH, Scope, scopes, scopes_of


class Book(Protocol):
    """The part of `bot.store.Store` that limits need."""

    async def add_call(self, call: ModelCall, charged: Decimal) -> None:
        """`TryLater` if it cannot be written now."""
        ...

    async def spent(
        self, run_id: str, agent: str, repo: Repo, number: int, since: datetime | None
    ) -> Spent:
        """What counts against each limit; of the month only if it is asked for (``since``)."""
        ...


class MemoryBook:
    """Nothing was spent before it, and nothing is remembered after it."""

    def __init__(self) -> None:
        self._calls: list[tuple[ModelCall, Decimal]] = []

    async def add_call(self, call: ModelCall, charged: Decimal) -> None:
        self._calls.append((call, charged))

    async def spent(
        self, run_id: str, agent: str, repo: Repo, number: int, since: datetime | None
    ) -> Spent:
        def counted(scope: Scope) -> Decimal:
            start = since if scope == MONTH else None
            found = (
                charged
                for call, charged in self._calls
                if scope in scopes_of(call) and (start is None or call.at >= start)
            )
            return sum(found, Decimal(0))

        one, run, pull, month = scopes(run_id, agent, repo.full_name, number)
        return Spent(agent=counted(one), run=counted(run), pull=counted(pull), month=counted(month))
