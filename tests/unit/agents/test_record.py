import pytest

from bot.agents.record import MAX_WARNINGS, Recorder
from bot.models import (
    AgentStatus,
    AssistantText,
    Event,
    Failure,
    FailureKind,
    Finished,
    RunError,
    Started,
    Tokens,
    ToolCall,
)
from tests.fakes.agents import GOOD, FakeClock

EXIT = Failure(kind=FailureKind.CRASHED, message="exited with status 1")


def recorded(*events: Event, buffer_bytes: int = 10_000, answer_limit: int = 1000) -> Recorder:
    recorder = Recorder("a", FakeClock(), buffer_bytes=buffer_bytes, answer_limit=answer_limit)
    for event in events:
        recorder.add(event)
    return recorder


def test_a_good_stream_is_a_success_with_its_narrative() -> None:
    run = recorded(
        Started(), AssistantText(text="a"), AssistantText(text="b\n"), *GOOD[2:]
    ).result()

    assert (run.status, run.error, run.answer) == (AgentStatus.SUCCEEDED, None, "ab\n")
    assert len(run.buffer) == 4


@pytest.mark.parametrize(
    ("events", "kind", "words"),
    [
        ((Started(),), FailureKind.CRASHED, "without a terminal line"),
        ((Started(), Finished(success=False)), FailureKind.CRASHED, "did not finish"),
        (
            (Started(), RunError(message="no quota", kind=FailureKind.QUOTA), GOOD[2]),
            FailureKind.QUOTA,
            "no quota",
        ),
        (
            (RunError(message="first"), RunError(message="second"), GOOD[2]),
            FailureKind.CRASHED,
            "first",
        ),
    ],
)
def test_a_bad_stream_is_a_failure_with_a_reason(
    events: tuple[Event, ...], kind: FailureKind, words: str
) -> None:
    run = recorded(*events).result()

    assert run.status is AgentStatus.FAILED
    assert run.error is not None
    assert run.error.kind is kind
    assert words in run.error.message


def test_the_process_counts_before_the_stream() -> None:
    recorder = recorded(*GOOD)
    recorder.fail(EXIT)

    assert recorder.result().error == EXIT


def test_what_the_agent_said_is_the_better_reason_for_a_plain_crash() -> None:
    recorder = recorded(RunError(message="log in first", kind=FailureKind.LOGIN))
    recorder.fail(EXIT)

    assert recorder.result().error == Failure(kind=FailureKind.LOGIN, message="log in first")


def test_a_timeout_is_a_timeout_whatever_the_agent_said() -> None:
    recorder = recorded(RunError(message="log in first", kind=FailureKind.LOGIN))
    late = Failure(kind=FailureKind.TIMEOUT, message="not finished after 3 s")
    recorder.fail(late)

    assert recorder.result().error == late


def test_cancelled_comes_before_every_failure() -> None:
    recorder = recorded(RunError(message="x"))
    recorder.fail(EXIT)
    recorder.cancel()

    assert recorder.result().status is AgentStatus.CANCELLED


def test_warnings_fail_nobody_and_are_told() -> None:
    run = recorded(RunError(message="odd line", warning=True), *GOOD).result()

    assert (run.status, run.warnings) == (AgentStatus.SUCCEEDED, ("odd line",))


def test_many_warnings_are_counted() -> None:
    events = [RunError(message=str(n), warning=True) for n in range(MAX_WARNINGS + 5)]

    warnings = recorded(*events).result().warnings

    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1] == "and 5 more warnings"


def test_tokens_are_totals_and_nothing_known_erases_nothing() -> None:
    run = recorded(Tokens(input=5, output=1), Tokens(input=9, output=3), Tokens(), *GOOD).result()

    assert run.tokens == Tokens(input=9, output=3)


def test_the_buffer_is_bounded_the_narrative_whole_and_the_end_kept() -> None:
    chatter = [ToolCall(name="read", args="x" * 100) for _ in range(50)]
    text = AssistantText(text="y" * 300)

    run = recorded(Started(), *chatter, text, Finished(success=True), buffer_bytes=1000).result()

    assert run.elided == 52 - len(run.buffer) + 1
    assert len(run.buffer) < 10
    assert run.buffer[-1] == Finished(success=True)
    assert run.answer == text.text


def test_a_stream_of_fatal_errors_does_not_grow_the_buffer() -> None:
    errors = [RunError(message="x" * 100) for _ in range(5000)]

    run = recorded(*errors, buffer_bytes=1000).result()

    assert len(run.buffer) < 200
    assert run.elided == 5000 - len(run.buffer)


def test_a_narrative_over_the_limit_keeps_its_end_and_says_so() -> None:
    run = recorded(AssistantText(text="a" * 900), AssistantText(text="b" * 600), *GOOD[2:]).result()

    assert run.answer == "a" * 400 + "b" * 600
    assert run.warnings == ("the first 500 characters of its output were left out",)


def test_the_duration_ends_with_the_agent() -> None:
    clock = FakeClock()
    recorder = Recorder("a", clock)
    clock.seconds = 3.0
    recorder.close()
    clock.seconds = 9.0

    run = recorder.result()

    assert run.duration == 3.0
    assert run.started_at == FakeClock().now()
