"""What calls cost is kept to the last digit, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.models import CostLine, ModelCall, ModelUsage, Repo, Spent, Total
from bot.store import Store

REPO = Repo(owner="octo", name="hello")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
PENNY = Decimal("0.01")
LEAST = Decimal("0.000000000001")


def call(cost: Decimal | None = PENNY, **more: Any) -> ModelCall:
    usage = ModelUsage(model=more.pop("model", "gpt-5"), input=10, output=3, cost_usd=cost)
    made = ModelCall(
        run_id="r1",
        repo=REPO.full_name,
        number=7,
        agent="codex",
        step="agent codex",
        role="reviewer",
        usage=replace(usage, **more.pop("usage", {})),
        at=NOON,
    )
    return replace(made, **more)


async def counted(store: Store, **more: Any) -> Spent:
    asked: dict[str, Any] = {"run_id": "r1", "agent": "codex", "repo": REPO, "number": 7}
    return await store.spent(**{**asked, "since": NOVEMBER, **more})


async def test_nothing_was_spent_before_the_first_call(store: Store) -> None:
    assert await counted(store) == Spent()
    assert await store.cost_of_run("r1") == Total()
    assert await store.costs("r1") == []


async def test_each_limit_counts_what_belongs_to_it(store: Store) -> None:
    await store.add_call(call(), PENNY)
    await store.add_call(call(agent="claude"), 2 * PENNY)
    await store.add_call(call(run_id="r2"), 4 * PENNY)
    await store.add_call(call(run_id="r3", number=8), 8 * PENNY)
    await store.add_call(call(run_id="r4", repo="octo/other"), 16 * PENNY)
    await store.add_call(call(run_id="r5", at=NOVEMBER - timedelta(seconds=1)), 32 * PENNY)
    assert await counted(store) == Spent(
        agent=PENNY, run=3 * PENNY, pull=39 * PENNY, month=31 * PENNY
    )
    assert (await counted(store, since=None)).month == 0


async def test_a_cost_that_nobody_knows_is_counted_as_unknown_and_charged(store: Store) -> None:
    await store.add_call(call(PENNY), PENNY)
    await store.add_call(call(None), 3 * PENNY)
    assert await store.cost_of_run("r1") == Total(known=PENNY, calls=2, unknown=1)
    assert (await counted(store)).run == 4 * PENNY


async def test_a_thousand_smallest_amounts_lose_nothing(store: Store) -> None:
    for _ in range(30):
        await store.add_call(call(LEAST), LEAST)
    await store.add_call(call(Decimal(9_000)), Decimal(9_000))
    total = await store.cost_of_pull(REPO, 7)
    assert total.known == Decimal(9_000) + 30 * LEAST
    assert (await counted(store)).pull == total.known


async def test_a_limit_is_never_charged_less_than_the_call_cost(store: Store) -> None:
    await store.add_call(call(LEAST / 3), LEAST / 3)
    assert (await counted(store)).run == LEAST


@pytest.mark.parametrize("cost", ["1e30", "-1", "NaN", "Infinity"])
async def test_a_figure_that_cannot_be_is_unknown(store: Store, cost: str) -> None:
    await store.add_call(call(Decimal(cost)), PENNY)
    assert str(await store.cost_of_run("r1")) == "unknown"


async def test_sums_beyond_what_a_column_holds_are_still_right(store: Store) -> None:
    large = Decimal(2**63 - 1).scaleb(-12)
    for _ in range(3):
        await store.add_call(call(large, usage={"input": 10**30, "output": -5}), Decimal("1e30"))
    assert (await store.cost_since(NOVEMBER)).known == 3 * large
    assert (await counted(store)).month == 3 * large
    (line,) = await store.costs("r1")
    assert (line.input, line.output) == (3 * (2**63 - 1), 0)


async def test_what_a_run_cost_by_agent_step_role_and_model(store: Store) -> None:
    cached = {"cache_read": 4, "cache_write": 2}
    await store.add_call(call(usage=cached), PENNY)
    await store.add_call(call(None, model="gpt-5-mini"), PENNY)
    await store.add_call(call(usage=cached), PENNY)
    await store.add_call(call(agent="dev", role="developer", step="develop 1"), PENNY)
    await store.add_call(call(run_id="r2"), PENNY)
    line = CostLine(
        agent="codex",
        step="agent codex",
        role="reviewer",
        model="gpt-5",
        input=20,
        cache_read=8,
        cache_write=4,
        output=6,
        cost=Total(known=2 * PENNY, calls=2),
    )
    mini, developer = (await store.costs("r1"))[1:]
    assert (await store.costs("r1"))[0] == line
    assert (mini.model, mini.cost) == ("gpt-5-mini", Total(calls=1, unknown=1))
    assert (developer.agent, developer.role, developer.step) == ("dev", "developer", "develop 1")


async def test_what_was_spent_stays_spent_when_a_repository_is_forgotten(store: Store) -> None:
    await store.add_call(call(), PENNY)
    await store.forget_repo(REPO)
    assert (await counted(store)).month == PENNY
