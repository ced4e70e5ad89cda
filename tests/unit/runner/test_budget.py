"""What is spent stays under every limit, or over it by a part of one call."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from bot.errors import OverBudget, TryLater
from bot.models import AgentSpec, Limits, ModelUsage, Repo
from bot.runner.book import MemoryBook
from bot.runner.budget import Budgets, total_cost

REPO = Repo(owner="octo", name="hello")
MODEL = "claude-sonnet-4-5"
CENT = Decimal("0.01")


class Clock:
    def __init__(self):
        self.moment = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self):
        return self.moment

    def monotonic(self):
        return 0.0


class FullDisk(MemoryBook):
    """Takes nothing while it is ``full``, and ``turns`` later says that it has taken something."""

    full = True
    turns = 0

    @override
    async def add_call(self, call, charged):
        if self.full:
            raise TryLater("the database: disk full", 5.0)
        await super().add_call(call, charged)
        for _ in range(self.turns):
            await asyncio.sleep(0)


def budgets(book=None):
    return Budgets(book or MemoryBook(), Clock())


def purse(of, *, agent="codex", of_run="r1", number=7, budget_usd=None, **limits):
    given_limits = Limits(**{name: Decimal(amount) for name, amount in limits.items()})
    spec = AgentSpec(name=agent, kind="codex", budget_usd=budget_usd)
    return of.of_run(of_run, REPO, number, given_limits).purse(spec, f"agent {agent}")


async def ask(purse, model=MODEL, tokens=3000):
    return await purse.admit(model, input_tokens=tokens, output_tokens=tokens // 10)


def used(tokens=3000, model=MODEL):
    return ModelUsage(model=model, input=tokens, output=tokens // 10)


async def waiting(task):
    """Whether it still waits after everybody else had many turns."""
    for _ in range(50):
        await asyncio.sleep(0)
    return not task.done()


async def test_without_limits_every_call_is_admitted_and_remembered():
    mine = purse(budgets())
    tickets = [await ask(mine), await ask(mine, "nobody-s-model")]
    await mine.settle(tickets[0], used())
    await mine.settle(tickets[1], used(model="nobody-s-model"))
    known, unknown = mine.usage
    assert (known.input, known.output, known.cost_usd) == (3000, 300, Decimal("0.0135"))
    assert unknown.cost_usd is None
    assert total_cost(mine.usage) is None


async def test_a_call_waits_for_room_and_begins_when_there_is_some():
    mine = purse(budgets(), run="0.03")
    first = await ask(mine)
    second = asyncio.ensure_future(ask(mine))
    assert await waiting(second)
    await mine.settle(first, ModelUsage(model=MODEL, input=10))
    assert not await waiting(second)
    await mine.settle(second.result(), used())


async def test_the_last_call_may_go_over_and_the_next_is_refused():
    mine = purse(budgets(), run="0.01")
    await mine.settle(await ask(mine), used())
    with pytest.raises(OverBudget, match=r"the run has spent \$0\.01 of \$0\.01"):
        await ask(mine)
    with pytest.raises(OverBudget):
        await mine.check()
    assert mine.refusal is not None
    assert mine.refusal.kind == "over budget"


async def test_a_waiter_is_told_when_the_limit_is_reached_meanwhile():
    mine = purse(budgets(), run="0.01")
    first = await ask(mine)
    second = asyncio.ensure_future(ask(mine))
    assert await waiting(second)
    await mine.settle(first, used())
    with pytest.raises(OverBudget):
        await second


async def test_a_waiter_that_is_cancelled_holds_nothing():
    shared = budgets()
    mine = purse(shared, run="0.02")
    first = await ask(mine)
    stuck = asyncio.ensure_future(ask(mine))
    assert await waiting(stuck)
    stuck.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck
    await mine.settle(first, ModelUsage(model=MODEL))
    await asyncio.wait_for(ask(mine), 5)


async def test_an_agent_that_ends_in_the_middle_of_a_call_frees_the_others():
    shared = budgets()
    dead, alive = purse(shared, agent="a", run="0.03"), purse(shared, agent="b", run="0.03")
    await ask(dead)
    waiter = asyncio.ensure_future(ask(alive))
    assert await waiting(waiter)
    await dead.close()
    await asyncio.wait_for(waiter, 5)
    (lost,) = dead.usage
    assert lost.cost_usd is None


async def test_a_torn_call_is_charged_with_the_most_it_may_have_cost():
    mine = purse(budgets(), run="0.018")
    await mine.settle(await ask(mine, tokens=3200), None)
    with pytest.raises(OverBudget):
        await mine.check()
    assert total_cost(mine.usage) is None


async def test_a_call_is_settled_once():
    book = MemoryBook()
    mine = purse(budgets(book))
    ticket = await ask(mine)
    await asyncio.gather(*(mine.settle(ticket, used()) for _ in range(3)))
    await mine.settle(ticket, None)
    await mine.close()
    spent = await book.spent("r1", "codex", REPO, 7, None)
    assert spent.run == Decimal("0.0135")
    assert len(mine.usage) == 1


async def test_a_settling_that_is_cancelled_is_written_all_the_same():
    book = MemoryBook()
    mine = purse(budgets(book), run="1")
    ticket = await ask(mine)
    task = asyncio.ensure_future(mine.settle(ticket, used()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await book.spent("r1", "codex", REPO, 7, None)).run == Decimal("0.0135")


async def test_a_model_without_a_price_is_refused_under_a_limit():
    mine = purse(budgets(), month="1000")
    with pytest.raises(OverBudget, match=r"no price is known for the model 'mine'.*MONTH"):
        await ask(mine, "mine")


async def test_a_vendor_s_own_figure_counts_before_the_list():
    mine = purse(budgets(), run="1")
    await mine.settle(await ask(mine), ModelUsage(model="mine", input=5, cost_usd=Decimal("0.7")))
    assert total_cost(mine.usage) == Decimal("0.7")
    await mine.settle(await ask(mine), ModelUsage(model=MODEL, cost_usd=Decimal("NaN")))
    assert total_cost(mine.usage) == Decimal("0.7")


async def test_each_agent_has_a_limit_of_its_own():
    shared = budgets()
    poor, rich = purse(shared, agent="a", budget_usd=CENT), purse(shared, agent="b")
    await rich.settle(await ask(rich), used())
    await poor.settle(await ask(poor), used())
    await rich.settle(await ask(rich), used())
    with pytest.raises(OverBudget, match="agent a: budget_usd"):
        await ask(poor)


async def test_runs_of_one_pull_request_share_its_limit_and_others_do_not():
    shared = budgets()
    first = purse(shared, of_run="r1", pull="0.01")
    await first.settle(await ask(first), used())
    with pytest.raises(OverBudget, match="pull request"):
        await purse(shared, of_run="r2", pull="0.01").check()
    await purse(shared, of_run="r3", number=8, pull="0.01").check()


async def test_a_new_month_begins_with_nothing_spent():
    shared = budgets()
    mine = purse(shared, month="0.01")
    await mine.settle(await ask(mine), used())
    with pytest.raises(OverBudget, match="this month"):
        await mine.check()
    shared.clock.moment = datetime(2026, 12, 1, tzinfo=UTC)
    await mine.check()


async def test_what_another_process_spent_counts_when_it_is_over():
    book = MemoryBook()
    here, there = (
        purse(budgets(book), month="0.01"),
        purse(budgets(book), of_run="r2", month="0.01"),
    )
    one, other = await ask(here), await ask(there)
    await there.settle(other, used())
    with pytest.raises(OverBudget):
        await ask(here)
    await here.settle(one, used())


async def test_what_cannot_be_written_now_counts_and_is_written_later():
    book = FullDisk()
    shared = budgets(book)
    mine = purse(shared, run="0.02")
    await mine.settle(await ask(mine), used())
    await mine.settle(await ask(mine, tokens=1000), used(1000))
    with pytest.raises(OverBudget):
        await purse(shared, agent="other", run="0.01").check()
    book.full = False
    await mine.check()
    assert (await book.spent("r1", "codex", REPO, 7, None)).run == Decimal("0.018")


async def test_a_late_writing_is_done_once_though_its_asker_goes_away():
    book = FullDisk()
    shared = budgets(book)
    mine = purse(shared, run="1")
    await mine.settle(await ask(mine), used())
    book.full, book.turns = False, 20
    asker = asyncio.ensure_future(ask(mine))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    await mine.check()
    assert (await book.spent("r1", "codex", REPO, 7, None)).run == Decimal("0.0135")


async def test_a_model_s_name_is_kept_as_far_as_names_go():
    mine = purse(budgets())
    await mine.settle(await ask(mine, "m" * 10_000), used(model="m" * 10_000))
    assert [len(usage.model) for usage in mine.usage] == [200]


async def test_what_went_another_way_is_written_down_by_the_program_s_word():
    book = MemoryBook()
    mine = purse(budgets(book))
    await mine.note(used())
    await mine.note(ModelUsage(model="", cost_usd=Decimal(2)))
    assert (await book.spent("r1", "codex", REPO, 7, None)).run == Decimal("2.0135")
    assert total_cost(mine.usage) == Decimal("2.0135")


async def test_a_sum_of_calls_whose_prompts_had_any_length_is_charged_with_the_most():
    book = MemoryBook()
    mine = purse(budgets(book))
    await mine.note(ModelUsage(model="gemini-2.5-pro", input=300_000))
    assert total_cost(mine.usage) is None
    assert (await book.spent("r1", "codex", REPO, 7, None)).run == Decimal("0.75")


call = st.tuples(st.integers(0, 9000), st.none() | st.floats(0, 1), st.integers(0, 3))
"""Tokens asked for; which part of them is used (None: torn); how many turns it takes."""


@given(
    st.lists(st.lists(call, max_size=6), min_size=1, max_size=6),
    st.integers(0, 60),
    st.integers(0, 120),
)
def test_no_schedule_goes_over_any_limit_by_a_whole_call(agents, run_milli, month_milli):
    run, month = (Decimal(n) / 1000 for n in (run_milli, month_milli))
    asyncio.run(_play(agents, run, month))


async def _play(agents, run, month):
    book = MemoryBook()
    shared = budgets(book)
    charged = [Decimal(0)]

    async def work(number, calls):
        mine = shared.of_run(f"r{number % 2}", REPO, 7, Limits(run=run, month=month)).purse(
            AgentSpec(name=f"a{number}", kind="codex"), "step"
        )
        for tokens, share, turns in calls:
            ticket = await ask(mine, tokens=tokens)
            charged.append(ticket.most)
            for _ in range(turns):
                await asyncio.sleep(0)
            await mine.settle(ticket, None if share is None else used(int(tokens * share)))

    done = await asyncio.wait_for(
        asyncio.gather(*(work(n, c) for n, c in enumerate(agents)), return_exceptions=True), 20
    )
    largest = max(charged)
    for name in ("r0", "r1"):
        spent = await book.spent(name, "", REPO, 7, None)
        assert spent.run <= run or spent.run < run + largest
        assert spent.month <= month or spent.month < month + largest
    for result in done:
        # Nobody is refused before a limit is reached.
        assert result is None or isinstance(result, OverBudget)
    if any(done):
        sums = [await book.spent(name, "", REPO, 7, None) for name in ("r0", "r1")]
        assert sums[0].month >= month or any(s.run >= run for s in sums)
