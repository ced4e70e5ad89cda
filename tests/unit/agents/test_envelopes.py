"""What programs may write, whatever it is: no line ends the reading, and no value escapes it."""

import json
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agents.envelopes import (
    MAX_ARGS,
    Envelope,
    compact,
    count,
    items,
    money,
    read_events,
    record,
    said,
    text,
    used,
)
from bot.agents.record import NO_END
from bot.models import (
    AssistantText,
    Event,
    FailureKind,
    Finished,
    RunError,
    Started,
    ToolCall,
)
from tests.fakes.recordings import PARSERS, chunked, events_of, outcome

WORDS = st.sampled_from(
    [
        "type", "subtype", "message", "content", "text", "model", "result", "usage", "modelUsage",
        "is_error", "error", "item", "role", "status", "stats", "models", "part", "tokens",
        "total_cost_usd", "input_tokens", "output_tokens", "errors", "structured_output", "cost",
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)
TYPES = st.sampled_from(
    [
        "assistant", "system", "result", "user", "item.started", "item.completed", "error",
        "turn.completed", "turn.failed", "init", "message", "tool_use", "step_start", "text",
        "step_finish",
    ]
)  # fmt: skip
LINES = st.builds(
    lambda kind, rest: json.dumps({**rest, "type": kind}).encode(),
    TYPES,
    st.dictionaries(WORDS, JSON, max_size=6),
)


class Echo:
    """Says each line's ``say``; ends at ``end``."""

    def read(self, envelope: Envelope) -> Iterable[Event]:
        yield from said(envelope.get("say"))
        if envelope.get("warn"):
            yield RunError(message=text(envelope["warn"]), kind=FailureKind.NETWORK, warning=True)
        if "end" in envelope:
            yield Finished(success=bool(envelope["end"]))

    def end(self) -> Iterable[Event]:
        return ()


async def echoed(*lines: str) -> list[Event]:
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    return [event async for event in read_events(chunked([data]), Echo())]


async def test_the_end_comes_last_even_if_the_program_goes_on_talking() -> None:
    assert await echoed('{"end": true}', '{"say": "and"}') == [
        Started(),
        AssistantText(text="and\n"),
        Finished(success=True),
    ]


@pytest.mark.parametrize(
    "line", ["{", "[1]", "7", "npm WARN", '"text"', '{"a": \udcff}', "[" * 9999]
)
async def test_a_line_that_is_no_object_costs_itself_and_a_warning(line: str) -> None:
    first, warning, *rest = await echoed(line, "", "  ", '{"say": "on"}', '{"end": true}')

    assert first == Started()
    assert isinstance(warning, RunError)
    assert (warning.kind, warning.warning) == (FailureKind.UNREADABLE, True)
    assert "is no JSON object" in warning.message
    assert rest == [AssistantText(text="on\n"), Finished(success=True)]


@pytest.mark.parametrize("lines", [(), ('{"say": "half"}',), ('{"warn": "x"}', '{"say": "on"}')])
async def test_a_stream_that_breaks_off_is_told_as_that(lines: tuple[str, ...]) -> None:
    assert (await echoed(*lines))[-2:] == [RunError(message=NO_END), Finished(success=False)]


async def test_a_stream_that_breaks_off_while_trying_again_failed_for_what_it_tried() -> None:
    *_, error, end = await echoed('{"say": "a"}', '{"warn": "no route"}')

    assert error == RunError(message=f"{NO_END}, after: no route", kind=FailureKind.NETWORK)
    assert end == Finished(success=False)


async def test_a_line_of_a_megabyte_is_read() -> None:
    _started, said_, _end = await echoed(json.dumps({"say": "x" * 10**6}), '{"end": 1}')

    assert said_ == AssistantText(text="x" * 10**6 + "\n")


async def test_a_line_of_64_megabytes_is_skipped_with_a_warning() -> None:
    part = b"x" * 2**20
    lines = [b'{"say": "', *[part] * 64, b'"}\n', b'{"say": "on"}\n{"end": 1}\n']

    events = [event async for event in read_events(chunked(lines), Echo())]

    assert isinstance(events[1], RunError)
    assert events[1].warning
    assert events[2:] == [AssistantText(text="on\n"), Finished(success=True)]


@given(st.binary())
async def test_any_bytes_start_and_end_and_are_no_success(data: bytes) -> None:
    for parse in PARSERS.values():
        events = await events_of(parse, [data])

        assert events[0] == Started()
        assert events[-1] == Finished(success=False)


@settings(max_examples=200)
@given(st.lists(LINES, max_size=6), st.lists(st.integers(1, 400), max_size=8))
async def test_any_lines_torn_anywhere_give_the_same_events(
    lines: list[bytes], sizes: list[int]
) -> None:
    data = b"\n".join(lines)
    torn, rest = [], data
    for size in sizes:
        torn.append(rest[:size])
        rest = rest[size:]
    torn.append(rest)

    for parse in PARSERS.values():
        events = await events_of(parse, [data])

        assert await events_of(parse, torn) == events
        assert (events[0], type(events[-1])) == (Started(), Finished)
        outcome(events, 0).answer.encode()


@pytest.mark.parametrize("value", [None, True, "7", -1, 1.5, Decimal(3), 10**13, [], {}])
def test_what_is_no_number_of_tokens_counts_nothing(value: object) -> None:
    assert count(value) == 0


@pytest.mark.parametrize(
    "value",
    [
        None, True, "0.5", -1, Decimal("-0.1"), Decimal("NaN"), Decimal("Infinity"), 10**9,
        Decimal("1E+999999"), Decimal("1E-999999"), 0.1,
    ],
)  # fmt: skip
def test_what_is_no_amount_is_unknown(value: object) -> None:
    assert money(value) is None


def test_an_amount_is_exactly_what_was_written() -> None:
    assert money(Decimal("0.046091999999999994")) == Decimal("0.046091999999999994")
    assert money(2) == Decimal(2)


def test_values_of_another_type_are_empty_ones() -> None:
    assert (record([1]), items({"a": 1}), text(7)) == ({}, [], "")
    assert record({"a": 1}) == {"a": 1}
    assert items([1]) == [1]
    assert text("a\ud800b") == "a?b"


def test_a_message_stands_on_lines_of_its_own() -> None:
    assert [list(said(value)) for value in ("a", "a\n", " \n", None)] == [
        [AssistantText(text="a\n")],
        [AssistantText(text="a\n")],
        [],
        [],
    ]


def test_a_tool_is_shown_with_what_it_was_given() -> None:
    assert used("Read", {"path": "a", "n": Decimal("1.5")}) == ToolCall(
        name="Read", args='{"path":"a","n":1.5}'
    )
    assert used("exec", "ls") == ToolCall(name="exec", args="ls")
    assert used(None, None) == ToolCall(name="tool", args="")
    assert len(used("w", {"content": "x" * 10**5}).args) == MAX_ARGS


def test_what_is_nested_too_deeply_is_not_written() -> None:
    nested: list[object] = []
    for _ in range(5000):
        nested = [nested]

    assert compact(nested) == ""
