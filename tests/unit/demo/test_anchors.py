"""Where a comment may be, and the words for where it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.anchors import (
    HUNK_BLANK,
    LINE,
    PATH,
    START_HUNK,
    START_ORDER,
    Place,
    diff_hunk,
    in_words,
    problems,
)
from bot.demo.diffs import File, Hunk, Row


def hunk(old: int, new: int, marks: str) -> Hunk:
    rows = []
    for mark in marks:
        rows.append(
            Row(
                old=None if mark == "+" else old,
                new=None if mark == "-" else new,
                mark=mark,
                text=f"{old}/{new}",
            )
        )
        old += mark != "+"
        new += mark != "-"
    return Hunk(header=f"@@ -{old} +{new} @@", rows=tuple(rows))


FILE = File(
    path="app.py", old_path="was.py", status="renamed", sha="0" * 40, patch="x",
    hunks=(hunk(1, 1, "  -+++ "), hunk(30, 32, " -- ")),
)  # fmt: skip


def place(line: int, side: str = "RIGHT", **more: object) -> Place:
    return Place(path="app.py", line=line, side=side, **more)  # type: ignore[arg-type]  # kwargs


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (place(1), ()),
        (place(5), ()),
        (place(6), ()),
        (place(7), (LINE, HUNK_BLANK)),
        (place(0), (LINE, HUNK_BLANK)),
        (place(3, "LEFT"), ()),
        (place(4, "LEFT"), ()),
        (place(5, "LEFT"), (LINE, HUNK_BLANK)),
        (place(31, "LEFT"), ()),
        (place(33, "RIGHT"), ()),
        (place(6, start_line=2), ()),
        (place(6, start_line=3, start_side="LEFT"), ()),
        (place(6, start_line=6), (START_ORDER,)),
        (place(2, start_line=6), (START_ORDER,)),
        (place(33, start_line=6), (START_HUNK,)),
        (place(33, start_line=20), (START_HUNK,)),
        (place(20, start_line=10), (LINE, START_HUNK, HUNK_BLANK)),
        (Place(path="was.py", line=1), (PATH,)),
        (Place(path="", line=1), (PATH,)),
    ],
)
def test_where_github_takes_a_comment(where: Place, expected: tuple[str, ...]) -> None:
    assert problems([FILE], where) == expected


def test_a_file_too_large_to_show_takes_none() -> None:
    shown = File(path="app.py", old_path="app.py", status="modified", sha="", patch=None)
    assert problems([shown], place(1)) == (LINE, HUNK_BLANK)


def test_the_words_are_joined_as_github_joins_them() -> None:
    assert in_words((LINE, HUNK_BLANK)) == (
        "Pull request review thread line must be part of the diff and Pull request review thread"
        " diff hunk can't be blank"
    )
    assert in_words((LINE, START_HUNK, HUNK_BLANK)).count(", ") == 2
    assert in_words((PATH,)) == "Path could not be resolved"


def test_the_hunk_ends_at_the_commented_line() -> None:
    text = diff_hunk(FILE, "RIGHT", 4)
    assert text.splitlines()[-1] == "+4/4"
    assert len(text.splitlines()) == 6
    assert diff_hunk(FILE, "RIGHT", 99) == ""


@given(st.integers(-2, 40), st.sampled_from(["LEFT", "RIGHT"]))
def test_exactly_the_numbered_lines_are_taken(line: int, side: str) -> None:
    numbered = {row.number(side) for h in FILE.hunks for row in h.rows} - {None}
    assert (problems([FILE], place(line, side)) == ()) is (line in numbered)
