"""What an answer says it used, read while it passes by."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import ModelUsage
from bot.sandbox import usage
from bot.sandbox.uplink import Dialect
from bot.sandbox.usage import UsageReader

A, O, G = Dialect.ANTHROPIC, Dialect.OPENAI, Dialect.GEMINI  # noqa: E741  # short for a table
SSE = "text/event-stream; charset=utf-8"


def stream(*events: Any) -> bytes:
    return b"".join(
        f"event: {event.get('type', 'x')}\r\ndata: {json.dumps(event)}\r\n\r\n".encode()
        for event in events
    )


def read(dialect: Dialect, content_type: str, *chunks: bytes) -> ModelUsage | None:
    reader = UsageReader(dialect, content_type, "m")
    for chunk in chunks:
        reader.feed(chunk)
    return reader.result()


ANTHROPIC = stream(
    {
        "type": "message_start",
        "message": {
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 30,
                "cache_creation_input_tokens": 5,
                "output_tokens": 1,
            }
        },
    },
    {"type": "content_block_delta", "delta": {"text": "usage"}},
    {"type": "message_delta", "usage": {"output_tokens": 7}},
)
RESPONSES = stream(
    {"type": "response.created", "response": {"usage": None}},
    {
        "type": "response.completed",
        "response": {
            "usage": {
                "input_tokens": 45,
                "input_tokens_details": {"cached_tokens": 30},
                "output_tokens": 7,
            }
        },
    },
)
CHAT = stream(
    {"choices": [], "usage": None},
    {
        "usage": {
            "prompt_tokens": 45,
            "prompt_tokens_details": {"cached_tokens": 30},
            "completion_tokens": 7,
        }
    },
)
GEMINI_PARTS = [
    {"usageMetadata": {"promptTokenCount": 45}},
    {
        "usageMetadata": {
            "promptTokenCount": 40,
            "toolUsePromptTokenCount": 5,
            "cachedContentTokenCount": 30,
            "candidatesTokenCount": 4,
            "thoughtsTokenCount": 3,
        }
    },
]
HOUR = stream(
    {
        "message": {
            "usage": {
                "input_tokens": 10,
                "cache_creation_input_tokens": 5,
                "cache_creation": {"ephemeral_1h_input_tokens": 4, "ephemeral_5m_input_tokens": 1},
                "output_tokens": 1,
            }
        }
    },
    {"usage": {"input_tokens": 10, "cache_creation_input_tokens": 5, "output_tokens": 7}},
)
WHOLE = ModelUsage(model="m", input=45, cache_read=30, output=7)
CASES = [
    (A, SSE, ANTHROPIC, ModelUsage(model="m", input=45, cache_read=30, cache_write=5, output=7)),
    (A, SSE, HOUR, ModelUsage(model="m", input=15, cache_write=5, cache_write_1h=4, output=7)),
    (O, SSE, RESPONSES, WHOLE),
    (O, SSE, CHAT, WHOLE),
    (G, SSE, stream(*GEMINI_PARTS), WHOLE),
    (G, "application/json", json.dumps(GEMINI_PARTS).encode(), WHOLE),
    (
        A,
        "application/json",
        b'{"usage": {"input_tokens": 2, "output_tokens": 3}}',
        ModelUsage(model="m", input=2, output=3),
    ),
    (
        O,
        "application/json",
        b'{"usage": {"prompt_tokens": 2, "completion_tokens": 3}}',
        ModelUsage(model="m", input=2, output=3),
    ),
]


@pytest.mark.parametrize(("dialect", "kind", "content", "told"), CASES)
def test_every_vendors_way_to_say_it(dialect, kind, content, told):
    assert read(dialect, kind, content) == told


@given(st.sampled_from(CASES), st.data())
def test_any_split_of_the_bytes_says_the_same(case, data):
    dialect, kind, content, told = case
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=8).map(sorted))
    edges = [0, *cuts, len(content)]
    pieces = [content[a:b] for a, b in itertools.pairwise(edges)]
    assert read(dialect, kind, *pieces) == told


def test_what_a_torn_stream_used_is_unknown_however_little_it_said_at_its_beginning():
    torn = ANTHROPIC[: ANTHROPIC.index(b"message_delta") - 20]
    assert read(A, SSE, torn) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"data: {\n", b'{"usage": 3}', b"null", b"x"])
@pytest.mark.parametrize("kind", [SSE, "application/json", ""])
@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_not_said_is_unknown(dialect, kind, content):
    assert read(dialect, kind, content) is None


@pytest.mark.parametrize("number", [-1, True, 1.5, 10**13, "7", None])
def test_an_absurd_number_is_none(number):
    answer = json.dumps({"usage": {"input_tokens": number, "output_tokens": number}}).encode()
    assert read(A, "application/json", answer) is None


def test_a_line_that_is_too_long_is_skipped_and_costs_no_memory(monkeypatch):
    monkeypatch.setattr(usage, "MAX_LINE", 1000)
    reader = UsageReader(O, SSE, "m")
    reader.feed(b'data: {"usage": "' + b"x" * 500)
    reader.feed(b"y" * 800)
    assert len(reader._held) == 0
    reader.feed(b'"}\n' + CHAT)
    assert reader.result() == WHOLE


def test_a_body_that_is_too_long_is_unknown(monkeypatch):
    monkeypatch.setattr(usage, "MAX_BODY", 10)
    assert read(A, "application/json", b'{"usage": {"input_tokens": 2}}') is None


@given(st.sampled_from(Dialect), st.sampled_from([SSE, "application/json"]), st.lists(st.binary()))
def test_no_bytes_break_it(dialect, kind, chunks):
    told = read(dialect, kind, *chunks)
    assert told is None or told.model == "m"


@given(st.sampled_from(Dialect), st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["usage", "message", "response", "usageMetadata", "input_tokens",
                         "prompt_tokens_details", "promptTokenCount"]), inner, max_size=4),
))  # fmt: skip
def test_no_json_breaks_it(dialect, value):
    answer = json.dumps(value).encode()
    for kind, content in ((SSE, b"data: " + answer + b"\n"), ("application/json", answer)):
        told = read(dialect, kind, content)
        assert told is None or told.input >= 0
