"""Model calls and what they cost, in whole 1e-12 US dollars, so that every sum is exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, select

from bot.models import CostLine, ModelCall, Repo, Spent, Total
from bot.store.tables import costs

_LARGEST = 2**63 - 1
_PLACES = 12
_HALF = 10**9
"""Amounts are summed in two halves: the whole sum may be more than SQLite can count."""


def add(connection: Connection, call: ModelCall, charged: Decimal) -> None:
    """One call that is over. ``charged`` counts against limits, whatever is known of its cost."""
    usage = call.usage
    connection.execute(
        costs.insert().values(
            run_id=call.run_id,
            repo=call.repo,
            number=call.number,
            agent=call.agent,
            step=call.step,
            role=call.role,
            model=usage.model,
            input_tokens=_counted(usage.input),
            cache_read_tokens=_counted(usage.cache_read),
            cache_write_tokens=_counted(usage.cache_write),
            output_tokens=_counted(usage.output),
            cost_pico=_cost(usage.cost_usd),
            charged_pico=_counted(_scaled(charged, ROUND_CEILING)),
            at=call.at,
        )
    )


def spent(
    connection: Connection, run_id: str, agent: str, repo: Repo, number: int, since: datetime | None
) -> Spent:
    """What counts against each limit; of the month only if it is asked for (``since``)."""
    in_run = costs.c.run_id == run_id
    of_pull = (costs.c.repo == repo.full_name, costs.c.number == number)
    month = Decimal(0) if since is None else _charged(connection, costs.c.at >= since)
    return Spent(
        agent=_charged(connection, in_run, costs.c.agent == agent),
        run=_charged(connection, in_run),
        pull=_charged(connection, *of_pull),
        month=month,
    )


def of_run(connection: Connection, run_id: str) -> Total:
    return _total(connection, costs.c.run_id == run_id)


def of_pull(connection: Connection, repo: Repo, number: int) -> Total:
    return _total(connection, costs.c.repo == repo.full_name, costs.c.number == number)


def since(connection: Connection, moment: datetime) -> Total:
    return _total(connection, costs.c.at >= moment)


def breakdown(connection: Connection, run_id: str) -> list[CostLine]:
    """By agent, step, role and model, in the order in which they were first used."""
    keys = (costs.c.agent, costs.c.step, costs.c.role, costs.c.model)
    query = (
        select(
            *keys,
            *(
                column
                for name in ("input", "cache_read", "cache_write", "output")
                for column in _halves(costs.c[f"{name}_tokens"], name)
            ),
            *_figures(),
        )
        .where(costs.c.run_id == run_id)
        .group_by(*keys)
        .order_by(func.min(costs.c.seq))
    )
    return [_line(row) for row in _rows(connection, query)]


def _line(row: dict[str, Any]) -> CostLine:
    return CostLine(
        agent=row["agent"],
        step=row["step"],
        role=row["role"],
        model=row["model"],
        input=_sum(row, "input"),
        cache_read=_sum(row, "cache_read"),
        cache_write=_sum(row, "cache_write"),
        output=_sum(row, "output"),
        cost=_read_total(row),
    )


def _total(connection: Connection, *where: ColumnElement[bool]) -> Total:
    (row,) = _rows(connection, select(*_figures()).where(*where))
    return _read_total(row)


def _figures() -> list[ColumnElement[Any]]:
    return [
        *_halves(costs.c.cost_pico, "cost"),
        func.count().label("calls"),
        func.count(costs.c.cost_pico).label("known"),  # NULLs are not counted
    ]


def _read_total(row: dict[str, Any]) -> Total:
    calls = int(row["calls"])
    return Total(known=_dollars(_sum(row, "cost")), calls=calls, unknown=calls - int(row["known"]))


def _charged(connection: Connection, *where: ColumnElement[bool]) -> Decimal:
    (row,) = _rows(connection, select(*_halves(costs.c.charged_pico, "charged")).where(*where))
    return _dollars(_sum(row, "charged"))


def _halves(column: Column[Any], name: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return (
        func.sum(column // _HALF).label(f"{name}_high"),
        func.sum(column % _HALF).label(f"{name}_low"),
    )


def _sum(row: dict[str, Any], name: str) -> int:
    high, low = row[f"{name}_high"], row[f"{name}_low"]
    return int(high or 0) * _HALF + int(low or 0)


def _rows(connection: Connection, query: Select[Any]) -> Sequence[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _counted(tokens: int) -> int:
    # What an answer says of itself: a number that no column holds must not lose the call.
    return min(max(tokens, 0), _LARGEST)


def _cost(amount: Decimal | None) -> int | None:
    """A figure that no column holds is nobody's cost: unknown."""
    if amount is None or not amount.is_finite() or amount < 0:
        return None
    pico = _scaled(amount, ROUND_HALF_EVEN)
    return pico if pico <= _LARGEST else None


def _scaled(amount: Decimal, rounding: str) -> int:
    with localcontext(prec=200):
        return int(amount.scaleb(_PLACES).to_integral_value(rounding=rounding))


def _dollars(pico: int) -> Decimal:
    with localcontext(prec=200):
        return Decimal(pico).scaleb(-_PLACES)
