import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from typing_extensions import override

from bot.agents import fanout
from bot.agents.fanout import finish_run, run_agent, run_agents
from bot.agents.reviewer import ProcessError
from bot.agents.sinks import Collect
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    FailureKind,
    Finished,
    RunConfig,
    RunError,
    RunSummary,
    Started,
    Tokens,
)
from tests.fakes.agents import ANSWER, GOOD, FakeClock, FakeProcess, FakeReviewer

CRASH = ProcessError("exited with status 3: boom", "crashed", "bad", "trace\nboom")


async def run(
    *reviewers: FakeReviewer,
    sinks: list[Collect] | None = None,
    config: RunConfig | None = None,
    timeouts: Mapping[str, float] | None = None,
    idle: Mapping[str, float] | None = None,
) -> RunSummary:
    return await run_agents(
        {reviewer.name: reviewer for reviewer in reviewers},
        {reviewer.name: config or RunConfig() for reviewer in reviewers},
        sinks or [],
        timeouts=timeouts or {},
        idle_timeouts=idle or {},
        clock=FakeClock(),
    )


async def until(state: Callable[[], bool]) -> None:
    """The sink's thread tells the loop nothing, so the test has to look."""
    for _ in range(2000):
        if state():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come to that")


def by_name(summary: RunSummary) -> dict[str, AgentRun]:
    return {run.name: run for run in summary.agent_runs}


async def test_every_agent_gets_its_configuration_and_its_outcome() -> None:
    one, two = FakeReviewer("one"), FakeReviewer("two")
    config = RunConfig(prompt="look")

    summary = await run(one, two, config=config)

    assert [r.status for r in summary.agent_runs] == [AgentStatus.SUCCEEDED] * 2
    assert one.configs == two.configs == [config]
    assert one.process.waits == two.process.waits == 1
    assert not summary.cancelled


async def test_all_agents_run_at_the_same_time() -> None:
    met = asyncio.Barrier(3)

    class Meeting(FakeReviewer):
        @override
        async def start(self, config: RunConfig) -> FakeProcess:
            await met.wait()  # never passed by agents that wait for each other
            return self.process

    summary = await run(
        Meeting("a"), Meeting("b"), Meeting("c"), timeouts=dict.fromkeys("abc", 5.0)
    )

    assert {r.status for r in summary.agent_runs} == {AgentStatus.SUCCEEDED}


async def test_sinks_hear_each_agent_in_order_and_the_end_once() -> None:
    names = [f"a{n}" for n in range(5)]
    texts = [AssistantText(text=str(n)) for n in range(200)]
    sink = Collect()

    summary = await run(
        *(FakeReviewer(n, FakeProcess([Started(), *texts, Finished(success=True)])) for n in names),
        sinks=[sink],
    )

    for name in names:
        assert sink.of(name) == [Started(), *texts, Finished(success=True)]
    assert sink.summaries == [summary]


async def test_the_end_is_told_after_everything_else() -> None:
    order: list[str] = []

    class Ordered(Collect):
        @override
        def agent_event(self, agent: str, event: Event) -> None:
            order.append("event")

        @override
        def run_finished(self, summary: RunSummary) -> None:
            order.append("end")

    await run(FakeReviewer("a"), FakeReviewer("b"), sinks=[Ordered()])

    assert order == ["event"] * 6 + ["end"]


async def test_nobody_to_run_is_still_a_run() -> None:
    sink = Collect()

    summary = await run(sinks=[sink])

    assert summary.agent_runs == ()
    assert sink.summaries == [summary]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (AgentMisconfigured("no builder"), FailureKind.MISCONFIGURED, "no builder"),
        (AgentFailed("no such program", "program not found"), FailureKind.NOT_FOUND, "no such"),
        (AgentFailed("odd", "a word from nowhere"), FailureKind.CRASHED, "odd"),
        (ValueError("a bug"), FailureKind.CRASHED, "a bug"),
    ],
)
async def test_an_agent_that_does_not_start_touches_no_other(
    error: Exception, kind: FailureKind, words: str
) -> None:
    sink = Collect()

    runs = by_name(await run(FakeReviewer("bad", fails=error), FakeReviewer("good"), sinks=[sink]))

    assert runs["good"].status is AgentStatus.SUCCEEDED
    assert runs["bad"].status is AgentStatus.FAILED
    assert runs["bad"].error is not None
    assert runs["bad"].error.kind is kind
    assert words in runs["bad"].error.message
    assert sink.of("bad") == []


async def test_a_failing_wait_is_told_as_an_event_with_what_the_program_said() -> None:
    sink = Collect()
    bad = FakeReviewer("bad", FakeProcess(GOOD, end=CRASH))

    runs = by_name(await run(bad, FakeReviewer("good"), sinks=[sink]))

    assert runs["bad"].status is AgentStatus.FAILED
    assert runs["bad"].error is not None
    assert runs["bad"].error.message == "exited with status 3: boom"
    assert runs["bad"].answer == ANSWER.text
    assert sink.of("bad") == [
        *GOOD,
        RunError(message="exited with status 3: boom\ntrace\nboom"),
    ]
    assert runs["good"].status is AgentStatus.SUCCEEDED


async def test_long_standard_error_is_shown_with_its_head_and_its_tail() -> None:
    sink = Collect()
    loud = ProcessError("exited with status 1", "crashed", "bad", f"first{'.' * 50_000}last")

    await run(FakeReviewer("bad", FakeProcess(GOOD, end=loud)), sinks=[sink])

    told = sink.of("bad")[-1]
    assert isinstance(told, RunError)
    assert len(told.message) < fanout.STDERR_SHOWN + 200
    assert told.message.endswith("last")
    assert "first." in told.message
    assert "characters left out" in told.message


async def test_a_parser_that_breaks_ends_its_own_process_only() -> None:
    process = FakeProcess([Started(), ANSWER, ValueError("torn")])

    runs = by_name(await run(FakeReviewer("bad", process), FakeReviewer("good")))

    assert runs["bad"].status is AgentStatus.FAILED
    assert runs["bad"].error is not None
    assert runs["bad"].error.message == "torn"
    assert runs["bad"].answer == ANSWER.text
    assert (process.kills, process.waits) == (1, 1)
    assert runs["good"].status is AgentStatus.SUCCEEDED


async def test_an_agent_over_its_time_is_ended_and_says_so() -> None:
    process = FakeProcess([Started(), ANSWER, asyncio.Event()])
    sink = Collect()

    runs = by_name(
        await run(
            FakeReviewer("slow", process),
            FakeReviewer("good"),
            sinks=[sink],
            timeouts={"slow": 0.02, "good": 5.0},
        )
    )

    assert runs["slow"].error is not None
    assert runs["slow"].error.kind is FailureKind.TIMEOUT
    assert runs["slow"].answer == ANSWER.text
    assert (process.kills, process.waits, process.closed) == (1, 1, True)
    assert sink.of("slow")[-1] == RunError(
        message="not finished after 0.02 s", kind=FailureKind.TIMEOUT
    )
    assert runs["good"].status is AgentStatus.SUCCEEDED


async def test_the_time_limit_covers_the_start_and_the_exit() -> None:
    exit_hangs = FakeProcess(GOOD, end=asyncio.Event())

    class StartHangs(FakeReviewer):
        @override
        async def start(self, config: RunConfig) -> FakeProcess:
            await asyncio.Event().wait()
            return self.process

    runs = by_name(
        await run(
            StartHangs("start"),
            FakeReviewer("exit", exit_hangs),
            timeouts={"start": 0.02, "exit": 0.02},
        )
    )

    assert {r.error.kind for r in runs.values() if r.error} == {FailureKind.TIMEOUT}
    assert len(runs) == 2
    assert (exit_hangs.kills, exit_hangs.waits) == (1, 1)


async def test_a_silent_agent_is_ended_long_before_its_time() -> None:
    process = FakeProcess([Started(), asyncio.Event()])

    runs = by_name(
        await run(FakeReviewer("dead", process), timeouts={"dead": 60.0}, idle={"dead": 0.02})
    )

    assert runs["dead"].error is not None
    assert runs["dead"].error.kind is FailureKind.IDLE
    assert (process.kills, process.waits) == (1, 1)


async def test_output_that_becomes_no_event_is_a_sign_of_life() -> None:
    done = asyncio.Event()
    process = FakeProcess([Started(), done, ANSWER, Finished(success=True)])

    async def breathe() -> None:
        for _ in range(30):
            process.activity += 1
            await asyncio.sleep(0.005)
        done.set()

    breathing = asyncio.create_task(breathe())
    runs = by_name(await run(FakeReviewer("slow", process), idle={"slow": 0.05}))
    await breathing

    assert runs["slow"].status is AgentStatus.SUCCEEDED


async def test_a_timeout_error_of_the_agent_itself_is_no_timeout_of_ours() -> None:
    process = FakeProcess([Started(), TimeoutError("its own")])

    runs = by_name(await run(FakeReviewer("odd", process), timeouts={"odd": 60.0}))

    assert runs["odd"].error is not None
    assert runs["odd"].error.kind is FailureKind.CRASHED


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
    monkeypatch.setattr("bot.agents.lanes.FLUSH_SECONDS", 0.05)
    monkeypatch.setattr("bot.agents.lanes.FINISH_SECONDS", 0.05)
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
