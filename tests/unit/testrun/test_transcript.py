"""However much a run writes, little of it is kept: its beginning and its end."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.go_events import MAX_LINE, GoEvents
from bot.testrun.transcript import HEAD, SHOWN, TAIL, Transcript


def test_a_short_output_is_kept_whole():
    said = Transcript()
    said.add(b"one\ntw")
    said.add("ö\n".encode())
    assert said.text() == "one\ntwö\n"
    assert said.text("err") == "one\ntwö\n\nerr"
    assert said.shown() == "one\ntwö"
    assert said.shown("err\n") == "one\ntwö\nerr"
    assert said.shown("err\n", "what the report tells") == (
        "one\ntwö\nerr\n\nwhat the report tells"
    )
    assert Transcript().shown("err") == "err"
    assert Transcript().text() == Transcript().shown() == ""


def test_of_a_long_output_the_middle_is_left_out():
    said = Transcript()
    for _ in range(1000):
        said.add(b"x" * 1024)
    said.add(b"the end")
    left_out = 1000 * 1024 + 7 - HEAD - TAIL
    assert said.left_out == left_out
    assert f"[... {left_out} bytes left out ...]" in said.text()
    assert len(said.text()) < HEAD + TAIL + 100
    assert said.shown().endswith("the end")
    assert said.shown().startswith("[...]\n")
    both = said.shown("e" * SHOWN)
    assert "the end\n[...]\nee" in both
    assert len(both) < SHOWN + 20


def test_the_end_is_shown_also_of_an_output_that_just_fills_the_head():
    said = Transcript()
    said.add(b"a" * (HEAD - 1) + b"\n" + b"the end")
    assert "a" * 100 + "\nthe end" in said.shown()


def event(**values: str) -> bytes:
    return json.dumps(values).encode() + b"\n"


def test_of_events_only_the_words_are_kept():
    events = GoEvents()
    said = Transcript(events)
    stream = event(Action="output", Output="--- FAIL: TestA\n") + b"go: no\n"
    stream += event(Action="fail", Package="p", Test="TestA")
    for place in range(len(stream)):
        said.add(stream[place : place + 1])
    said.add(b"cut o")
    assert said.text() == said.text() == "--- FAIL: TestA\ngo: no\ncut o\n"
    assert said.shown() == "--- FAIL: TestA\ngo: no\ncut o"
    assert events.tally().names == ("p TestA",)


def test_a_line_without_end_is_not_kept_either():
    said = Transcript(GoEvents())
    for _ in range(100):
        said.add(b"{" * MAX_LINE)
    assert len(said.text()) < HEAD + TAIL + MAX_LINE


@given(st.lists(st.binary()), st.text(), st.booleans())
def test_whatever_is_written_is_text(chunks, errors, events):
    said = Transcript(GoEvents() if events else None)
    for chunk in chunks:
        said.add(chunk)
    assert said.text(errors).encode().decode() == said.text(errors)
    said.shown(errors).encode()
