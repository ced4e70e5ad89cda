"""What a diff changed in the code of a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.findings.edits import edits, holds, lost_comment, suppresses, telling
from bot.models import Hunk
from tests.fakes.nouns import changed, hunk
from tests.fakes.trees import compare


def made(*lines, heading="", path="app.py"):
    return edits(changed(path, hunk(10, 10, *lines, heading=heading)))


def test_lines_and_numbers_of_both_sides():
    (one,) = made(" a", "-b", "-c", "+B", " d")
    assert (one.first, one.last, one.old) == (11, 12, ("b", "c"))
    assert (one.at, one.until, one.new) == (11, 11, ("B",))
    assert (one.lost, one.fresh) == (("b", "c"), ("B",))


def test_two_edits_of_one_hunk_and_what_stands_before_them():
    first, second = made(" a", "-b", " c", "+d", " e", heading="def f():")
    assert first.lead == ("def f():", "a")
    assert second.lead == ("def f():", "a", "c")
    assert (second.first, second.last, second.at) == (12, 12, 12)


def test_nothing_but_comments_spaces_and_line_breaks_is_no_edit():
    assert made("+# words") == ()
    assert made("-x = 1", "+x  =  1") == ()
    assert made("-x = 'a'", '+x = "a"') == ()
    assert made("-f(a, b)", "+f(", "+    a,", "+    b,", "+)") == ()
    assert made("-x = a or b", "+x = (a or b)") != ()


def test_an_insertion_names_the_line_before_it():
    file = changed(
        "app.py", Hunk(old_start=4, old_lines=0, new_start=5, new_lines=1, lines=("+x",))
    )
    (one,) = edits(file)
    assert (one.first, one.last, one.at, one.until) == (4, 4, 5, 5)


def test_an_edit_at_the_beginning_of_a_hunk():
    (come,) = made("+x", " a")
    assert (come.first, come.last, come.at, come.until) == (9, 9, 10, 10)
    (gone,) = made("-x", " a")
    assert (gone.first, gone.last, gone.at, gone.until) == (10, 10, 9, 9)


def test_a_comment_that_silences_an_analyzer():
    assert suppresses(changed("a.py", hunk(1, 1, "-x", "+x  # noqa: S1")))
    assert not suppresses(changed("a.py", hunk(1, 1, "-x  # noqa", "+x")))


def test_a_comment_that_is_not_there_any_more():
    code = "x = 1  # runs once"
    assert lost_comment(changed("a.py", hunk(1, 1, f"-{code}", "+x = 1")), code)
    assert lost_comment(changed("a.py", hunk(1, 1, f"-{code}", "+x = 1  # runs twice")), code)


def test_a_comment_that_was_moved_or_indented_is_still_there():
    code = "x = 1  # runs once"
    assert not lost_comment(changed("a.py", hunk(1, 1, f"-{code}", "+y = 1", f"+{code}")), code)
    assert not lost_comment(changed("a.py", hunk(1, 1, f"-{code}", f"+    {code}")), code)
    assert not lost_comment(changed("a.py", hunk(1, 1, "-x = 1", "+x = 2")), "x = 1")


def test_where_code_stands():
    assert holds(["a", "b", "", "c"], ["b", "c"])
    assert not holds(["a", "b", "x", "c"], ["b", "c"])
    assert not holds(["a"], [])
    assert telling(["return x + y"])
    assert not telling(["}"])


texts = st.lists(st.sampled_from(["a = 1", "b = 2", "c()", "", "# d"]), max_size=12)


@given(texts, texts)
def test_edits_are_where_the_diff_says(before, after):
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    for file in compare({"x.py": old}, {"x.py": new}).files:
        for one in edits(file):
            gone = [line for line in before[one.first - 1 : one.last] if line and line[0] != "#"]
            come = [line for line in after[one.at - 1 : one.until] if line and line[0] != "#"]
            assert set(one.old) <= set(gone)
            assert set(one.new) <= set(come)
