import asyncio
import threading

import pytest
from typing_extensions import override

from bot.agents import lane as lanes
from bot.agents.lane import Lane
from bot.agents.sinks import Collect
from bot.models import AssistantText, Event, Finished, RunError, RunSummary, Started
from tests.fakes.agents import FakeClock

NOW = FakeClock().now()
SUMMARY = RunSummary(started_at=NOW, finished_at=NOW)
TEXT = AssistantText(text="x")


class Gate(Collect):
    """Hears nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.called = threading.Event()

    @override
    def agent_event(self, agent: str, event: Event) -> None:
        self.called.set()
        self.open.wait(20)
        super().agent_event(agent, event)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 0.01)


async def full(sink: Gate, capacity: int) -> Lane:
    """A lane whose sink hangs in its first call and whose queue is full."""
    lane = Lane(sink, capacity=capacity)
    assert lane.offer("a", Started())
    await asyncio.to_thread(sink.called.wait, 5)
    for _ in range(capacity):
        assert lane.offer("a", TEXT)
    return lane


async def test_what_does_not_fit_is_dropped_counted_and_told() -> None:
    sink = Gate()
    lane = await full(sink, capacity=4)
    for _ in range(3):
        assert not lane.offer("a", TEXT)
        await lane.insist("a", TEXT)
    sink.open.set()
    await lane.flush()
    lane.close()

    assert lane.dropped == {"a": 3}
    assert sink.of("a") == [
        Started(),
        *[TEXT] * 4,
        RunError(message="3 events were not shown: too many", warning=True),
    ]


async def test_how_an_agent_ended_is_never_dropped() -> None:
    sink = Gate()
    lane = await full(sink, capacity=4)

    assert lane.offer("a", Finished(success=True))
    assert lane.offer("a", RunError(message="fatal"))
    assert not lane.offer("a", RunError(message="odd", warning=True))
    sink.open.set()
    await lane.flush()
    lane.close()

    assert sink.of("a")[-2:] == [Finished(success=True), RunError(message="fatal")]


async def test_not_even_endings_grow_the_queue_for_ever() -> None:
    sink = Gate()
    lane = await full(sink, capacity=4)

    accepted = sum(lane.offer("a", RunError(message="fatal")) for _ in range(100))
    sink.open.set()
    lane.close()

    assert accepted == 4


async def test_a_fast_sink_that_is_merely_behind_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 5.0)
    sink = Gate()
    lane = await full(sink, capacity=4)
    asyncio.get_running_loop().call_later(0.01, sink.open.set)

    await lane.insist("a", AssistantText(text="late"))
    await lane.flush()
    lane.close()

    assert not lane.dropped
    assert sink.of("a")[-1] == AssistantText(text="late")


async def test_a_crowd_that_waits_for_a_fast_sink_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 5.0)
    sink = Collect()
    lane = Lane(sink, capacity=4)

    async def tell(agent: str) -> None:
        for number in range(20):
            event = AssistantText(text=str(number))
            if not lane.offer(agent, event):
                await lane.insist(agent, event)

    names = [str(number) for number in range(30)]
    await asyncio.gather(*(tell(name) for name in names))
    await lane.flush()
    lane.close()

    assert not lane.dropped
    for name in names:
        assert sink.of(name) == [AssistantText(text=str(number)) for number in range(20)]


async def test_a_slow_sink_is_waited_for_once_and_not_again() -> None:
    sink = Gate()
    lane = await full(sink, capacity=4)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(1000):
        if not lane.offer("a", TEXT):
            await lane.insist("a", TEXT)
    took = loop.time() - began
    sink.open.set()
    lane.close()

    assert lane.dropped["a"] == 1000
    assert took < 0.5


async def test_long_texts_count_by_their_length() -> None:
    sink = Gate()
    lane = await full(sink, capacity=100)
    huge = AssistantText(text="x" * (lanes.CAPACITY_CHARACTERS // 2))

    assert [lane.offer("b", huge) for _ in range(3)] == [False, False, False]
    sink.open.set()
    await lane.flush()
    assert [lane.offer("b", huge)] == [True]
    lane.close()


async def test_a_sink_that_always_fails_is_left_alone_until_the_end() -> None:
    calls: list[str] = []

    class Broken(Collect):
        @override
        def agent_event(self, agent: str, event: Event) -> None:
            calls.append(agent)
            raise ValueError("sink")

    sink = Broken()
    lane = Lane(sink)
    for _ in range(50):
        lane.offer("a", TEXT)
    await lane.finish(SUMMARY)
    lane.close()

    assert len(calls) == lanes.MAX_FAILURES
    assert lane.dropped["a"] == 50 - lanes.MAX_FAILURES
    assert sink.summaries == [SUMMARY]
