"""A place is believed as far as it exists, and moved to the code that was quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.grounding import ground
from bot.models import FileStatus, Finding, Side
from tests.fakes.nouns import changed, diff, finding, hunk

TEXT = ("import os", "", "def f(x):", "    y = compute(x)", "    return eval(y)", "", "end()", "")
LINES = {"app.py": TEXT}
DIFF = diff(changed("app.py", hunk(1, 1, *(f"+{line}" for line in TEXT))))


def grounded(found: Finding) -> tuple[int | None, int | None]:
    place, _problem = ground(found, LINES, DIFF)
    return place.line, place.end_line


def test_a_line_that_there_is_is_believed() -> None:
    assert ground(finding(line=5), LINES, DIFF) == (finding(line=5), "")
    assert ground(finding(), LINES, DIFF) == (finding(), "")


def test_a_line_behind_the_end_makes_it_a_finding_about_the_file() -> None:
    place, problem = ground(finding(line=900, replacement="x"), LINES, DIFF)
    assert (place.line, place.replacement) == (None, None)
    assert problem == (
        "app.py has 7 lines, so line 900 is not in it: the finding is about the whole file"
    )
    assert grounded(finding(line=8)) == (None, None)  # after the last line end there is no line


def test_an_end_behind_the_end_is_cut() -> None:
    assert grounded(finding(line=5, end_line=90)) == (5, 7)
    assert grounded(finding(line=7, end_line=90)) == (7, None)


def test_a_file_that_there_is_not_has_no_lines() -> None:
    place, problem = ground(finding(line=3, file="gone.py"), LINES, DIFF)
    assert (place.file, place.line) == ("gone.py", None)
    assert problem == "gone.py is no file that can be read here"


def test_a_deleted_or_binary_file_of_the_diff_is_believed() -> None:
    deleted = diff(changed("old.py", status=FileStatus.DELETED))
    assert ground(finding(line=3, file="old.py"), {}, deleted) == (
        finding(line=3, file="old.py"),
        "",
    )
    left = finding(line=900, side=Side.LEFT)
    assert ground(left, LINES, DIFF) == (left, "")


@pytest.mark.parametrize(
    ("line", "end", "words", "then"),
    [
        (3, None, "`return eval(y)` runs it", (5, None)),
        (2, 3, "`return  eval(y)` runs it", (5, 6)),
        (5, None, "`return eval(y)` runs it", (5, None)),
        (4, None, "`compute(x)` and `return eval(y)`", (4, None)),
        (1, None, "`return eval(y)` runs it", (5, None)),
        (3, None, "`nowhere(at, all)`", (3, None)),
        (3, 5, "`return eval(y)`", (3, 5)),
        (3, 4, "`return eval(y)` runs it", (5, 6)),
        (3, None, "`evaluate` is a word", (3, None)),
    ],
)
def test_it_moves_to_the_code_that_is_quoted_nearby(
    line: int, end: int | None, words: str, then: tuple[int, int | None]
) -> None:
    assert grounded(finding(line=line, end_line=end, description=words)) == then


def test_it_stays_where_the_code_stands_twice_or_far_away_or_a_fix_is_for_these_lines() -> None:
    twice = {"app.py": ("call(a, b)", "x", "call(a, b)")}
    found = finding(line=2, description="`call(a, b)`")
    assert ground(found, twice, DIFF)[0].line == 2
    far = {"app.py": ("x",) * 20 + ("call(a, b)",)}
    assert ground(found, far, DIFF)[0].line == 2
    fix = finding(line=3, description="`return eval(y)`", replacement="pass")
    assert grounded(fix) == (3, None)


@given(st.integers(1, 30), st.integers(0, 10), st.text("`eval(y)return x", max_size=40))
def test_whatever_is_believed_exists(line: int, height: int, words: str) -> None:
    first, last = grounded(finding(line=line, end_line=line + height, description=words))
    assert first is None or 1 <= first <= (last or first) <= 7
