"""What of a run is kept in its log, and what happens when the store does not keep up."""

import asyncio

from bot.errors import TryLater
from bot.models import (
    AssistantText,
    Finished,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
)
from bot.publish import run_log
from bot.publish.run_log import RunLog
from tests.fakes.clock import FakeClock

END = Finished(success=True)


class FakeStore:
    """Keeps what it is given, unless it fails or is held."""

    def __init__(self, *, failures=0, held=None):
        self.events = []
        self.restarts = []
        self.failures = failures
        self.held = held
        self.calls = 0

    async def add_events(self, run_id, batch, restarted=()):
        self.calls += 1
        if self.held is not None:
            await self.held.wait()
        if self.calls <= self.failures:
            raise TryLater("the database: locked", 5)
        self.restarts += restarted
        self.events = [e for e in self.events if e.agent not in restarted] + list(batch)

    def of(self, agent):
        return [logged.event for logged in self.events if logged.agent == agent]


def summary():
    now = FakeClock().now()
    return RunSummary(started_at=now, finished_at=now)


async def logged(store, *events, secrets=(), agent="codex"):
    async with RunLog(store, "r-1", clock=FakeClock(), secrets=secrets, pause=0) as log:
        for event in events:
            log.agent_event(agent, event)
        log.run_finished(summary())
    return store.of(agent)


async def test_every_event_is_kept_in_order():
    events = [Started(), AssistantText(text="hm"), ToolCall(name="Grep"), Tokens(input=1), END]
    assert await logged(FakeStore(), *events) == events


async def test_tool_calls_beyond_the_budget_are_counted_and_the_narrative_is_whole():
    calls = [ToolCall(name="exec", args="x" * 1000)] * 1000
    words = [AssistantText(text=f"word {n}") for n in range(1000)]
    mixed = [event for pair in zip(calls, words, strict=True) for event in pair]
    kept = await logged(FakeStore(), Started(), *mixed, END)
    assert [event for event in kept if isinstance(event, AssistantText)] == words
    some = sum(isinstance(event, ToolCall) for event in kept)
    assert 200 < some < 260
    assert kept[-2:] == [
        RunError(message=f"{1000 - some} events left out of this log", warning=True),
        END,
    ]


async def test_the_last_token_count_survives_the_budget():
    ticks = [Tokens(input=n) for n in range(1, 6000)]
    kept = await logged(FakeStore(), Started(), *ticks, END)
    assert [event for event in kept if isinstance(event, Tokens)][-1] == Tokens(input=5999)
    left = 5999 - sum(isinstance(event, Tokens) for event in kept)
    assert kept[-2] == RunError(message=f"{left:,} events left out of this log", warning=True)


async def test_an_agent_that_was_cut_off_leaves_its_count_at_the_end_of_the_run():
    kept = await logged(FakeStore(), Started(), *[ToolCall(name="x" * 1000)] * 300)
    assert isinstance(kept[-1], RunError)


async def test_an_agent_that_starts_again_does_not_mix_with_its_first_attempt():
    store = FakeStore()
    await logged(store, Started(), AssistantText(text="first"))
    await logged(store, Started(), AssistantText(text="other"), END, agent="claude")
    kept = await logged(store, Started(), AssistantText(text="second"), END)
    assert kept == [Started(), AssistantText(text="second"), END]
    assert AssistantText(text="other") in store.of("claude")


async def test_an_attempt_that_is_repeated_within_one_log_replaces_what_waits():
    events = [Started(), AssistantText(text="1"), Started(), AssistantText(text="2"), END]
    assert await logged(FakeStore(), *events) == events[2:]


async def test_secrets_are_in_no_event():
    secret = "operator-secret"
    key = "sk-ant-0123456789abcdefghij"
    kept = await logged(
        FakeStore(),
        AssistantText(text=f"it says {secret}"),
        ToolCall(name="curl", args=f"-H {key}"),
        RunError(message=f"401 for {secret}"),
        secrets=(secret,),
    )
    assert secret not in repr(kept)
    assert key not in repr(kept)


async def test_a_store_that_fails_for_a_moment_loses_nothing():
    store = FakeStore(failures=2)
    assert await logged(store, Started(), END) == [Started(), END]


async def test_what_could_not_be_stored_is_told_once_the_store_is_back():
    store = FakeStore(failures=run_log.ATTEMPTS)
    async with RunLog(store, "r-1", clock=FakeClock(), pause=0) as log:
        log.agent_event("codex", Started())
        while store.calls < run_log.ATTEMPTS:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        log.agent_event("codex", END)
    assert store.of("codex") == [
        END,
        RunError(message="1 events could not be stored", warning=True),
    ]
    assert store.restarts == ["codex"]


async def test_a_store_that_hangs_holds_up_nobody_and_memory_is_bounded():
    store = FakeStore(held=asyncio.Event())
    async with RunLog(store, "r-1", clock=FakeClock(), pause=0) as log:
        log.agent_event("codex", Started())
        while not store.calls:
            await asyncio.sleep(0)
        for _ in range(run_log.MAX_WAITING + 7):
            log.agent_event("codex", AssistantText(text="."))
        store.held.set()
    assert RunError(message="7 events could not be stored", warning=True) in store.of("codex")
