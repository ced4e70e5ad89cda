"""A run's events in the store, on both databases: written in batches, read by whoever looks on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from bot.models import (
    AssistantText,
    Event,
    Finished,
    LoggedEvent,
    Repo,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
)
from bot.publish import account
from bot.publish.run_log import RunLog
from bot.store import Store
from tests.fakes.clock import FakeClock
from tests.integration.store.test_store import HOSTILE, NOON, REPO, run

END = Finished(success=True)


@pytest.fixture
async def store(store: Store) -> Store:
    await store.add_run(run("r1"))
    await store.add_run(run("r2"))
    return store


def logged(*events: Event, agent: str = "codex") -> list[LoggedEvent]:
    return [
        LoggedEvent(agent=agent, at=NOON + timedelta(seconds=n), event=event)
        for n, event in enumerate(events)
    ]


def said(*words: str) -> list[Event]:
    return [AssistantText(text=word) for word in words]


async def events(store: Store, run_id: str = "r1", **more: Any) -> list[Event]:
    return [item.event for item in await store.events(run_id, **more)]


async def test_every_kind_of_event_comes_back_as_it_was(store: Store) -> None:
    given = logged(
        Started(),
        AssistantText(text=HOSTILE),
        ToolCall(name=HOSTILE, args=HOSTILE),
        Tokens(input=10**30, output=3, cost_usd=Decimal("0.10")),
        RunError(message=HOSTILE, warning=True),
        RunError(message=""),
        END,
        agent=HOSTILE,
    )
    await store.add_events("r1", given)
    found = await store.events("r1")
    assert [(e.agent, e.at, e.event) for e in found] == [(e.agent, e.at, e.event) for e in given]
    assert [e.seq for e in found] == sorted({e.seq for e in found})


async def test_runs_do_not_see_each_others_events(store: Store) -> None:
    await store.add_events("r1", logged(*said("one")))
    await store.add_events("r2", logged(*said("two")))
    assert await events(store, "r1") == said("one")
    assert await events(store, "r2") == said("two")
    assert await events(store, "nobody") == []


async def test_a_reader_goes_on_where_it_was_and_sees_each_event_once(store: Store) -> None:
    heard: list[Event] = []
    cursor = 0
    for batch in range(4):
        for agent in ("codex", "claude"):
            words = said(*(f"{agent} {batch} {n}" for n in range(5)))
            await store.add_events("r1", logged(*words, agent=agent))
        while found := await store.events("r1", cursor, 3):
            heard += [item.event for item in found]
            cursor = found[-1].seq
    assert heard == await events(store)
    assert len(heard) == 40
    assert await store.events("r1", cursor) == []


async def test_a_reader_that_comes_back_after_the_database_was_closed_reads_on(
    store: Store, store_url: str
) -> None:
    await store.add_events("r1", logged(*said("before")))
    (last,) = await store.events("r1")
    again = await Store.open(store_url)
    try:
        await again.add_events("r1", logged(*said("after")))
        assert await events(again, after=last.seq) == said("after")
        assert await events(store, after=last.seq) == said("after")
    finally:
        await again.close()


async def test_an_agent_that_begins_anew_leaves_nothing_of_its_first_attempt(store: Store) -> None:
    await store.add_events("r1", logged(Started(), *said("first")))
    await store.add_events("r1", logged(Started(), END, agent="claude"))
    await store.add_events("r2", logged(*said("other run")))
    await store.add_events("r1", logged(Started(), *said("second")), ["codex"])
    found = [(item.agent, item.event) for item in await store.events("r1")]
    assert found == [
        ("claude", Started()),
        ("claude", END),
        ("codex", Started()),
        ("codex", AssistantText(text="second")),
    ]
    assert await events(store, "r2") == said("other run")


async def test_whoever_looks_on_while_an_agent_begins_anew_sees_the_new_attempt(
    store: Store,
) -> None:
    await store.add_events("r1", logged(Started(), *said("1", "2", "3")))
    last = (await store.events("r1"))[-1].seq
    # The newest rows go, and no number is given twice: the cursor still lies before what comes.
    await store.add_events("r1", logged(Started(), *said("again")), ["codex"])
    assert await events(store, after=last) == [Started(), *said("again")]


async def test_a_batch_is_there_whole_or_not_at_all(store: Store) -> None:
    await store.add_events("r1", logged(*said("kept")))
    with pytest.raises(IntegrityError):
        await store.add_events("gone", logged(*said("of no run")), ["codex"])
    naive = replace(logged(END)[0], at=NOON.replace(tzinfo=None))
    with pytest.raises(StatementError):
        await store.add_events("r1", [*logged(*said("new")), naive], ["codex"])
    assert await events(store) == said("kept")


async def test_two_agents_written_at_once_keep_the_order_of_each(store: Store) -> None:
    async def write(agent: str) -> None:
        for n in range(20):
            await store.add_events("r1", logged(*said(str(n)), agent=agent))

    await asyncio.gather(write("codex"), write("claude"))
    found = await store.events("r1")
    for agent in ("codex", "claude"):
        assert [e.event for e in found if e.agent == agent] == said(*map(str, range(20)))


async def test_forgetting_a_repository_forgets_its_events(store: Store) -> None:
    other = Repo(owner="octo", name="other")
    await store.add_run(run("r3", repo=other))
    await store.add_events("r1", logged(*said("gone")))
    await store.add_events("r3", logged(*said("stays")))
    await store.forget_repo(REPO)
    assert await events(store, "r1") == []
    assert await events(store, "r3") == said("stays")


# -------------------------------------------------------------------- written by a run's log


async def kept(store: Store, *told: Event, secrets: tuple[str, ...] = ()) -> list[Event]:
    """What the store has after a whole run of one agent."""
    async with RunLog(store, "r1", clock=FakeClock(), secrets=secrets, pause=0) as log:
        for event in told:
            log.agent_event("codex", event)
        log.run_finished(RunSummary(started_at=NOON, finished_at=NOON))
    return await events(store, limit=10_000)


async def test_a_log_keeps_the_words_and_counts_the_rest_beyond_its_budget(store: Store) -> None:
    calls: list[Event] = [ToolCall(name="exec", args="x" * 10_000)] * 60
    words = said(*(f"word {n}" for n in range(60)))
    mixed = [event for pair in zip(calls, words, strict=True) for event in pair]
    found = await kept(store, Started(), *mixed, Tokens(input=9), END)
    assert [e for e in found if isinstance(e, AssistantText)] == words
    some = sum(isinstance(e, ToolCall) for e in found)
    assert some == account.BUDGET // account.size(calls[0])
    left = RunError(message=f"{60 - some} events left out of this log", warning=True)
    assert found[-3:] == [Tokens(input=9), left, END]


async def test_a_log_that_is_opened_again_continues_the_numbers_and_replaces_the_attempt(
    store: Store,
) -> None:
    await kept(store, Started(), *said("cut off"))
    last = (await store.events("r1"))[-1].seq
    assert await kept(store, Started(), *said("whole"), END) == [Started(), *said("whole"), END]
    assert (await store.events("r1"))[0].seq > last


async def test_a_log_holds_no_secret_that_was_torn(store: Store) -> None:
    found = await kept(
        store, *said("it is oper", "ator-secret."), END, secrets=("operator-secret",)
    )
    assert found == [*said("it is [redacted]", "."), END]


async def test_a_log_whose_run_is_forgotten_meanwhile_ends_quietly(store: Store) -> None:
    async with RunLog(store, "r1", clock=FakeClock(), pause=0) as log:
        await store.forget_repo(REPO)
        log.agent_event("codex", Started())
    assert await events(store) == []
