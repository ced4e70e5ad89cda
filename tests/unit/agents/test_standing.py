"""One agent's row, from what it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.standing import WORDS, Doing, Standing, heard, last_line, last_words
from bot.models import AssistantText, Finished, RunError, Started, Tokens, ToolCall


def after(*events):
    """The row after these, one second apart."""
    row = Standing()
    for now, event in enumerate(events, 1):
        row = heard(row, event, float(now))
    return row


def test_before_it_begins_it_waits_and_no_time_passes():
    assert (Standing().doing, Standing().seconds(99.0)) == (Doing.WAITING, 0.0)


def test_an_agent_reads_until_it_is_done():
    row = after(Started(), AssistantText(text="hm"))
    assert (row.doing, row.words, row.seconds(5.5)) == (Doing.READING, "hm", 4.5)
    row = heard(row, Finished(success=True), 6.0)
    assert (row.doing, row.seconds(100.0)) == (Doing.DONE, 5.0)


@pytest.mark.parametrize("end", [Finished(success=False), RunError(message="401 no\nsuch key\n")])
def test_an_agent_that_fails_stops_its_time(end):
    row = after(Started(), end)
    assert (row.doing, row.seconds(100.0)) == (Doing.FAILED, 1.0)


def test_an_error_is_its_last_line_and_stays_when_the_stream_ends_afterwards():
    row = after(Started(), RunError(message="Traceback\n  401 no such key\n\n"))
    assert (row.error, row.words) == ("401 no such key", "401 no such key")
    assert heard(row, Finished(success=False), 9.0).error == "401 no such key"


def test_a_warning_is_words_and_no_end():
    row = after(Started(), RunError(message="an odd line", warning=True))
    assert (row.doing, row.words, row.error, row.ended) == (Doing.READING, "an odd line", "", None)


def test_an_agent_that_starts_again_has_a_new_row():
    row = after(Started(), Tokens(input=5), AssistantText(text="x"), RunError(message="y"))
    assert heard(row, Started(), 9.0) == Standing(doing=Doing.READING, started=9.0)


def test_tokens_are_the_newest_total_and_no_total_is_no_zero():
    assert after(Tokens(input=5, output=2), Tokens(input=9, output=3)).tokens == 12
    assert after(Tokens(input=5, output=2), Tokens()).tokens == 7


def test_a_tool_call_is_its_name_and_arguments_on_one_line():
    assert after(ToolCall(name="Grep", args="def run\nclass A")).words == "class A"
    assert after(ToolCall(name="Grep", args="def run")).words == "Grep def run"
    assert after(ToolCall(name="Grep")).words == "Grep"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("first\n\n  last \n", "last"),
        ('{"summary": "read it all", "issues": []}', "read it all"),
        ('{"issues": []}', '{"issues": []}'),
        ('{"summary": 3}', '{"summary": 3}'),
        ('{"summary": "torn', '{"summary": "torn'),
        ("[1, 2]", "[1, 2]"),
        ("[" * 60_000, "[" * WORDS),
        ("\n \n", ""),
    ],
)
def test_last_words(text, words):
    assert last_words(text) == words


def test_silence_leaves_the_words_before():
    assert after(AssistantText(text="hm"), AssistantText(text="\n")).words == "hm"


def test_of_an_enormous_answer_only_the_end_is_looked_at():
    assert last_words(json.dumps({"summary": "x" * 200_000}) + "\nlast") == "last"


@given(st.text())
def test_words_are_one_short_line_without_hidden_characters(text):
    for words in (last_line(text), last_words(text)):
        assert len(words) <= WORDS
        assert len(words.splitlines()) <= 1
        assert not set(words) & set("\x00\x1b\x7f\u202e\u2066\u200b")
