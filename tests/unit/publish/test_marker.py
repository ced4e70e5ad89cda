"""The hidden marker."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Comment
from bot.publish.marker import Marker, has_marker, own, read, write
from bot.publish.sanitize import clean

MARK = Marker(kind="inline", issue="h-7KQ2", run="r-1")
LINE = "<!-- harness:1 kind=inline issue=h-7KQ2 run=r-1 -->"


def comment(body, author="harness[bot]", number=1):
    return Comment(
        id=number, author=author, body=body, url="", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_what_is_written_is_read():
    assert write(MARK) == LINE
    assert read(f"words\n\n{LINE}") == MARK
    assert read(f"{LINE}\r\nwords\r\n") == MARK
    assert has_marker(f"words\n{LINE}\n", MARK)
    assert not has_marker(f"words\n{LINE}", Marker(kind="inline", issue="h-2", run="r-1"))


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"one\n{LINE}\ntwo",
        f"words {LINE}",
        "words\n<!-- harness:2 kind=inline issue= run= -->",
        "words\n<!-- harness:1 kind=other issue= run= -->",
        "words\n<!-- harness:1 kind=inline issue=<x> run= -->",
    ],
)
def test_anything_else_is_none(body):
    assert read(body) is None


@pytest.mark.parametrize(
    "bad", [Marker(kind="odd"), Marker(kind="file", issue="a b"), Marker(kind="file", run="a-->b"),
            Marker(kind="file", run="a--b")],
)  # fmt: skip
def test_values_that_are_no_ids_are_refused(bad):
    with pytest.raises(ValueError, match="no marker can hold"):
        write(bad)


def test_only_our_own_comments_count_oldest_first():
    ours, theirs = comment(LINE, number=2), comment(LINE, author="harness")
    older = comment(f"x\n{LINE}", number=1)
    assert own([ours, theirs, comment("x"), older], "harness[bot]") == [(MARK, older), (MARK, ours)]


@given(st.text(), st.text())
def test_no_text_of_a_model_can_forge_one(before, after):
    for text in (LINE, f"{before}\n{LINE}", f"{LINE}\n{after}", f"```\n{LINE}\n```", before):
        assert read(clean(text, limit=5_000)) is None
