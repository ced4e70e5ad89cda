"""Real runs of the vendors' command lines, replayed: the right events and the right outcome."""

import json
from decimal import Decimal

import pytest

from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    FailureKind,
    Finished,
    ModelUsage,
    RunError,
    Started,
    Tokens,
    ToolCall,
)
from tests.fakes.recordings import PARSERS, Recording, events_of, outcome, pieces, recordings

RECORDINGS = {recording.name: recording for recording in recordings()}
OK = None

EXPECTED: dict[str, FailureKind | None] = {
    "claude/badtool": OK,
    "claude/budget": FailureKind.BUDGET,
    "claude/dev-write": OK,
    "claude/down": FailureKind.NETWORK,
    "claude/err401": FailureKind.LOGIN,
    "claude/err429": FailureKind.RATE_LIMIT,
    "claude/err500": FailureKind.CRASHED,
    "claude/malformed": FailureKind.CRASHED,
    "claude/maxturns": FailureKind.REFUSED,
    "claude/ok-read-tool": OK,
    "claude/ok-schema": OK,
    "claude/sigint": FailureKind.CRASHED,
    "claude/sigterm": FailureKind.CRASHED,
    "codex/badtool": OK,
    "codex/dev-write": OK,
    "codex/down": FailureKind.NETWORK,
    "codex/err400": FailureKind.REFUSED,
    "codex/err401": FailureKind.LOGIN,
    "codex/err429": FailureKind.RATE_LIMIT,
    "codex/err500": FailureKind.CRASHED,
    "codex/malformed": FailureKind.CRASHED,
    "codex/ok-read-tool": OK,
    "codex/ok-schema": OK,
    "codex/sigterm": FailureKind.CRASHED,
    "gemini/badtool": OK,
    "gemini/dev-write": OK,
    "gemini/down": FailureKind.CRASHED,
    "gemini/down-max2": FailureKind.NETWORK,
    "gemini/err401": FailureKind.LOGIN,
    "gemini/err429": FailureKind.CRASHED,
    "gemini/err429-max2": FailureKind.RATE_LIMIT,
    "gemini/err500": FailureKind.CRASHED,
    "gemini/err500-max2": FailureKind.CRASHED,
    "gemini/malformed": FailureKind.CRASHED,
    "gemini/maxturns": FailureKind.REFUSED,
    "gemini/ok-read-tool": OK,
    "gemini/ok-text": OK,
    "gemini/ro-write-refused": OK,
    "gemini/sigterm": FailureKind.CRASHED,
    "opencode/dev-write": OK,
    "opencode/err400": FailureKind.REFUSED,
    "opencode/err401": FailureKind.LOGIN,
    "opencode/ok-read-tool": OK,
}
"""What each run came to. Recordings that are not listed are held to the rules below alone."""

REASONS = {
    "claude/budget": "Reached maximum budget ($0.05)",
    "claude/down": "(ECONNREFUSED)",
    "claude/err401": "401 scripted 401",
    "claude/err500": "500 scripted 500",
    "claude/malformed": "empty or malformed response",
    "claude/maxturns": "Reached maximum number of turns (3)",
    "claude/sigint": "stop_reason=tool_use",
    "claude/sigterm": "exited with status 143",
    "codex/down": "without a terminal line, after: Reconnecting",
    "codex/err400": "scripted 400",
    "codex/err401": "unexpected status 401 Unauthorized",
    "codex/err429": "429 Too Many Requests",
    "codex/err500": "experiencing high demand",
    "codex/malformed": "stream closed before response.completed",
    "codex/sigterm": "was ended by SIGTERM",
    "gemini/down": "without a terminal line",
    "gemini/down-max2": "fetch failed",
    "gemini/err401": "API key not valid. Please pass a valid API key.",
    "gemini/err429-max2": "scripted 429",
    "gemini/err500-max2": "scripted 500",
    "gemini/malformed": "Expected property name",
    "gemini/maxturns": "Reached max session turns",
    "gemini/sigterm": "without a terminal line",
    "opencode/err400": "scripted 400",
    "opencode/err401": "scripted 401",
}

USED = {
    "claude/badtool": (7341, 115, "0.031664"),
    "claude/budget": (11300, 66, "0.063056"),
    "claude/maxturns": (11193, 66, "0.046091999999999994"),
    "claude/ok-read-tool": (7501, 124, "0.032484"),
    "claude/ok-schema": (7751, 92, "0.032844"),
    "claude/sigint": (3629, 22, "0.014955999999999999"),
    "claude/err401": (0, 0, None),
    "claude/sigterm": (0, 0, None),
    "codex/ok-read-tool": (19267, 182, None),
    "codex/ok-schema": (19640, 153, None),
    "codex/err500": (0, 0, None),
    "gemini/dev-write": (5362, 55, None),
    "gemini/maxturns": (8172, 78, None),
    "gemini/ok-read-tool": (2901, 146, None),
    "gemini/down-max2": (0, 0, None),
    "opencode/ok-read-tool": (200, 40, None),
}


@pytest.fixture(params=list(RECORDINGS.values()), ids=list(RECORDINGS))
def recording(request: pytest.FixtureRequest) -> Recording:
    found = request.param
    assert isinstance(found, Recording)
    return found


async def replayed(name: str) -> tuple[list[Event], AgentRun]:
    found = RECORDINGS[name]
    events = await events_of(PARSERS[found.vendor], [found.data])
    return events, outcome(events, found.code)


def test_every_listed_recording_is_there() -> None:
    assert not (set(EXPECTED) | set(REASONS) | set(USED)) - set(RECORDINGS)


async def test_however_it_is_torn_it_gives_the_same_events(recording: Recording) -> None:
    parse = PARSERS[recording.vendor]

    whole = await events_of(parse, [recording.data])

    assert await events_of(parse, recording.data.splitlines(keepends=True)) == whole
    assert await events_of(parse, pieces(recording.data, 1)) == whole


async def test_it_starts_once_and_ends_once(recording: Recording) -> None:
    events = await events_of(PARSERS[recording.vendor], [recording.data])

    assert events[0] == Started()
    assert isinstance(events[-1], Finished)
    assert [type(event) for event in events].count(Started) == 1
    assert [type(event) for event in events].count(Finished) == 1
    fatal = [event for event in events if isinstance(event, RunError) and not event.warning]
    assert bool(fatal) is not events[-1].success


async def test_broken_off_anywhere_it_is_no_success(recording: Recording) -> None:
    lines = recording.data.splitlines(keepends=True)
    last = {"claude": b'"type":"result"', "codex": b'"turn.', "gemini": b'"type":"result"'}
    ending = last.get(recording.vendor, b'"reason":"stop"')
    kept = [line for line in lines if ending not in line]

    events = await events_of(PARSERS[recording.vendor], kept)

    assert events[-1] == Finished(success=False)
    assert outcome(events, 0).status is AgentStatus.FAILED


@pytest.mark.parametrize("name", list(EXPECTED))
async def test_what_it_came_to(name: str) -> None:
    _events, run = await replayed(name)

    kind = EXPECTED[name]
    assert run.status is (AgentStatus.SUCCEEDED if kind is OK else AgentStatus.FAILED)
    assert (run.error.kind if run.error else OK) is kind


@pytest.mark.parametrize("name", list(REASONS))
async def test_why_it_failed(name: str) -> None:
    _events, run = await replayed(name)

    assert run.error is not None
    assert REASONS[name] in run.error.message
    assert "{" not in run.error.message


@pytest.mark.parametrize("name", list(USED))
async def test_what_it_used(name: str) -> None:
    _events, run = await replayed(name)

    given, written, cost = USED[name]
    assert (run.tokens.input, run.tokens.output) == (given, written)
    assert run.tokens.cost_usd == (None if cost is None else Decimal(cost))


async def test_claude_reads_a_file_and_answers() -> None:
    events, run = await replayed("claude/ok-read-tool")

    assert [type(event) for event in events] == [
        Started, AssistantText, ToolCall, AssistantText, Tokens, Finished,
    ]  # fmt: skip
    assert events[1] == AssistantText(text="Let me look.\n")
    assert events[2] == ToolCall(name="Read", args='{"file_path":"/worktree/app/calc.py"}')
    assert run.tokens.by_model == (
        ModelUsage(model="claude-opus-5-5", input=7501, output=124, cost_usd=Decimal("0.032484")),
    )
    assert run.warnings == ()


async def test_claudes_structured_answer_is_the_last_object_of_its_narrative() -> None:
    events, run = await replayed("claude/ok-schema")

    texts = [event.text for event in events if isinstance(event, AssistantText)]
    assert json.loads(texts[-1])["findings"][0]["line"] == 6
    assert run.answer.endswith(texts[-1])


async def test_an_error_that_claude_words_as_an_answer_is_none() -> None:
    events, run = await replayed("claude/err401")

    assert run.answer == ""
    assert [event.message for event in events if isinstance(event, RunError)] == [
        "attempt 1 failed: 401 authentication_failed",
        "attempt 2 failed: 401 authentication_failed",
        "Failed to authenticate. API Error: 401 scripted 401",
    ]


async def test_codex_runs_a_command_and_answers() -> None:
    events, run = await replayed("codex/ok-read-tool")

    assert [type(event) for event in events] == [
        Started, RunError, ToolCall, AssistantText, Tokens, Finished,
    ]  # fmt: skip
    assert events[2] == ToolCall(name="exec", args="/bin/bash -lc 'cat app/calc.py'")
    assert run.warnings == (
        "Model metadata for `mock-model` not found. Defaulting to fallback metadata; this can"
        " degrade performance and cause issues.",
    )


async def test_geminis_pieces_are_one_text_and_its_prompt_is_not_heard_again() -> None:
    _events, run = await replayed("gemini/ok-read-tool")

    assert run.answer.startswith("Let me look.\nI read the change. One problem needs attention.\n")
    fenced = run.answer.split("```json\n")[1].split("```")[0]
    assert json.loads(fenced)["findings"][0]["title"] == "Division by zero when the list is empty"
    assert "Review the change" not in run.answer
    assert run.tokens.by_model == (ModelUsage(model="gemini-2.5-pro", input=2901, output=146),)


async def test_opencodes_steps_are_added_up() -> None:
    events, run = await replayed("opencode/ok-read-tool")

    assert [event for event in events if isinstance(event, Tokens)] == [
        Tokens(input=100, output=20),
        Tokens(input=200, output=40),
    ]
    assert ToolCall(name="read", args='{"filePath":"a.py"}') in events
    assert run.answer.splitlines()[-1] == '{"summary": "s", "issues": []}'
