import asyncio

import pytest
from typing_extensions import override

from bot.agents.attempt import STDERR_SHOWN
from bot.agents.reviewer import ProcessError
from bot.agents.sinks import Collect
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import (
    AgentStatus,
    AssistantText,
    Event,
    FailureKind,
    Finished,
    RunConfig,
    RunError,
    RunSummary,
    Started,
)
from tests.fakes.agents import (
    ANSWER,
    CRASH,
    GOOD,
    FakeProcess,
    FakeReviewer,
    by_name,
    run,
)


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
    assert len(told.message) < STDERR_SHOWN + 200
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
