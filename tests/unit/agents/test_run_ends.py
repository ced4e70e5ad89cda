"""How a run ends: cancelled, with hooks, with sinks that misbehave."""

import asyncio
import threading
from dataclasses import replace

import pytest
from typing_extensions import override

from bot.agents.fanout import finish_run, run_agent
from bot.agents.sinks import Collect
from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    Finished,
    RunConfig,
    RunError,
    RunSummary,
    Started,
    Tokens,
)
from tests.fakes.agents import (
    ANSWER,
    CRASH,
    GOOD,
    FakeClock,
    FakeProcess,
    FakeReviewer,
    by_name,
    run,
    until,
)

# ------------------------------------------------------------------------------ cancellation


async def test_cancelling_ends_every_agent_tells_the_end_once_and_is_raised() -> None:
    hanging = [FakeReviewer(n, FakeProcess([Started(), ANSWER, asyncio.Event()])) for n in "ab"]
    sink = Collect()
    task = asyncio.create_task(run(FakeReviewer("done"), *hanging, sinks=[sink]))
    await until(lambda: len(sink.events) >= 7)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    (summary,) = sink.summaries
    assert summary.cancelled
    runs = by_name(summary)
    assert runs["done"].status is AgentStatus.SUCCEEDED
    for reviewer in hanging:
        assert runs[reviewer.name].status is AgentStatus.CANCELLED
        assert runs[reviewer.name].answer == ANSWER.text
        assert (reviewer.process.kills, reviewer.process.waits) == (1, 1)
        assert not any(isinstance(event, RunError) for event in sink.of(reviewer.name))


async def test_cancelling_twice_still_ends_everything_first() -> None:
    release = asyncio.Event()

    class SlowToDie(FakeProcess):
        @override
        async def kill(self) -> None:
            await release.wait()
            await super().kill()

    process = SlowToDie([Started(), asyncio.Event()])
    sink = Collect()
    task = asyncio.create_task(run(FakeReviewer("a", process), sinks=[sink]))
    await until(lambda: bool(sink.events))
    for _ in range(3):
        task.cancel()
        for _turn in range(5):
            await asyncio.sleep(0)
    assert not task.done()
    release.set()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert process.kills == 1
    assert len(sink.summaries) == 1


async def test_cancelling_before_anything_started() -> None:
    sink = Collect()
    task = asyncio.create_task(run(FakeReviewer("a"), sinks=[sink]))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert [summary.cancelled for summary in sink.summaries] == [True]


async def test_cancelling_a_single_agent_ends_it() -> None:
    process = FakeProcess([Started(), asyncio.Event()])
    sink = Collect()
    task = asyncio.create_task(
        run_agent(
            "a", FakeReviewer("a", process), RunConfig(), [sink], timeout=60, clock=FakeClock()
        )
    )
    await until(lambda: bool(sink.events))
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert (process.kills, process.waits) == (1, 1)
    assert sink.summaries == []


# -------------------------------------------------------------------------------------- hooks


async def test_tokens_that_are_known_only_afterwards_are_told_after_the_error() -> None:
    async def enrich(agent_run: AgentRun) -> AgentRun:
        assert agent_run.status is AgentStatus.FAILED
        return replace(agent_run, tokens=Tokens(input=7, output=2), answer="changed", name="other")

    sink = Collect()
    bad = FakeReviewer("bad", FakeProcess(GOOD, end=CRASH))

    runs = by_name(await run(bad, sinks=[sink], config=RunConfig(enrich_agent_run=enrich)))

    assert runs["bad"].tokens == Tokens(input=7, output=2)
    assert runs["bad"].answer == ANSWER.text
    last_two = sink.of("bad")[-2:]
    assert isinstance(last_two[0], RunError)
    assert last_two[1] == Tokens(input=7, output=2)


async def test_no_tokens_are_no_event_and_a_failing_hook_costs_nobody() -> None:
    async def nothing(agent_run: AgentRun) -> AgentRun:
        return replace(agent_run, tokens=Tokens())

    async def broken(agent_run: AgentRun) -> AgentRun:
        raise ValueError("hook")

    for hook in (nothing, broken):
        sink = Collect()
        runs = by_name(
            await run(FakeReviewer("a"), sinks=[sink], config=RunConfig(enrich_agent_run=hook))
        )
        assert runs["a"].status is AgentStatus.SUCCEEDED
        assert sink.of("a") == list(GOOD)


async def test_the_summary_is_enriched_once_before_the_sinks_hear_it() -> None:
    calls: list[RunSummary] = []

    async def enrich(summary: RunSummary) -> RunSummary:
        calls.append(summary)
        return replace(summary, agent_runs=summary.agent_runs[:1])

    sink = Collect()

    summary = await run(
        FakeReviewer("a"),
        FakeReviewer("b"),
        sinks=[sink],
        config=RunConfig(enrich_summary=enrich),
    )

    assert [len(call.agent_runs) for call in calls] == [2]
    assert [r.name for r in summary.agent_runs] == ["a"]
    assert sink.summaries == [summary]


async def test_a_summary_hook_that_fails_is_left_out() -> None:
    async def broken(summary: RunSummary) -> RunSummary:
        raise ValueError("hook")

    sink = Collect()

    summary = await run(FakeReviewer("a"), sinks=[sink], config=RunConfig(enrich_summary=broken))

    assert by_name(summary)["a"].status is AgentStatus.SUCCEEDED
    assert sink.summaries == [summary]


# -------------------------------------------------------------------------------------- sinks


async def test_a_sink_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.agents.lane.FLUSH_SECONDS", 0.05)
    monkeypatch.setattr("bot.agents.lane.FINISH_SECONDS", 0.05)
    release = threading.Event()

    class Stuck(Collect):
        @override
        def agent_event(self, agent: str, event: Event) -> None:
            release.wait(20)

    texts = [AssistantText(text="x")] * 10_000
    good = Collect()
    loop = asyncio.get_running_loop()
    began = loop.time()

    summary = await run(
        FakeReviewer("a", FakeProcess([Started(), *texts, Finished(success=True)])),
        sinks=[Stuck(), good],
    )

    took = loop.time() - began
    release.set()
    assert by_name(summary)["a"].status is AgentStatus.SUCCEEDED
    assert len(by_name(summary)["a"].answer) == 10_000
    assert took < 5  # a quarter of a second of patience, and the shortened ends
    assert good.of("a")[-1] == Finished(success=True)
    assert good.summaries == [summary]


async def test_a_sink_that_raises_costs_nobody() -> None:
    class Broken(Collect):
        @override
        def agent_event(self, agent: str, event: Event) -> None:
            raise ValueError("sink")

        @override
        def run_finished(self, summary: RunSummary) -> None:
            super().run_finished(summary)
            raise ValueError("sink")

    broken, good = Broken(), Collect()

    summary = await run(FakeReviewer("a"), sinks=[broken, good])

    assert good.of("a") == list(GOOD)
    assert broken.summaries == good.summaries == [summary]


async def test_a_run_made_of_single_agents_ends_for_the_sinks_too() -> None:
    sink = Collect()
    one = await run_agent(
        "a", FakeReviewer("a"), RunConfig(), [sink], timeout=60, clock=FakeClock()
    )
    now = FakeClock().now()
    summary = RunSummary(started_at=now, finished_at=now, agent_runs=(one,))

    await finish_run([sink], summary)

    assert sink.of("a") == list(GOOD)
    assert sink.summaries == [summary]
