from dataclasses import replace

from bot.agents.sinks import Collect, Dump, render
from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    Failure,
    FailureKind,
    Finished,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
)
from tests.fakes.agents import FakeClock

GOOD = AgentRun(name="good", status=AgentStatus.SUCCEEDED, answer="All is well.\n")
BAD = AgentRun(
    name="bad",
    status=AgentStatus.FAILED,
    answer="I began",
    buffer=(Started(), RunError(message="exited with status 2: boom\ntrace\n```\nboom")),
    error=Failure(kind=FailureKind.CRASHED, message="exited with status 2: boom"),
    elided=3,
)


def summary(*runs: AgentRun) -> RunSummary:
    now = FakeClock().now()
    return RunSummary(started_at=now, finished_at=now, agent_runs=runs)


def test_a_run_is_written_as_markdown() -> None:
    assert render(summary(GOOD, BAD)) == (
        "## good: succeeded\n\n"
        "All is well.\n\n"
        "## bad: failed (exited with status 2: boom)\n\n"
        "I began\n\n"
        "````\ntrace\n```\nboom\n````\n\n"
        "(3 events left out)\n\n"
        "2 agent(s) done: 1 succeeded, 1 failed, 0 cancelled\n"
    )


def test_an_error_that_the_heading_says_is_not_printed_twice() -> None:
    run = replace(BAD, buffer=(RunError(message="exited with status 2: boom"),), elided=0)

    assert render(summary(run)).count("exited with status 2") == 1


def test_other_events_are_not_printed_and_warnings_are() -> None:
    events: tuple[Event, ...] = (
        Started(),
        AssistantText(text="narrative"),
        ToolCall(name="exec", args="ls"),
        Tokens(input=1),
        Finished(success=True),
        RunError(message="a line was skipped", warning=True),
    )

    text = render(summary(replace(GOOD, buffer=events)))

    assert "warning: a line was skipped" in text
    assert "narrative" not in text
    assert "exec" not in text


def test_nobody_ran() -> None:
    assert render(summary()) == "0 agent(s) done: 0 succeeded, 0 failed, 0 cancelled\n"


def test_dump_writes_once_at_the_end() -> None:
    written: list[str] = []
    dump = Dump(written.append)
    dump.agent_event("good", Started())
    dump.run_finished(summary(GOOD))

    assert written == [render(summary(GOOD))]


def test_collect_keeps_the_order() -> None:
    sink = Collect()
    sink.agent_event("a", Started())
    sink.agent_event("b", Started())
    sink.agent_event("a", Finished(success=True))

    assert [name for name, _event in sink.events] == ["a", "b", "a"]
    assert sink.of("a") == [Started(), Finished(success=True)]
