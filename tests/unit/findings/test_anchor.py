"""Where a comment may stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.findings.anchor import anchor, covers
from bot.models import Anchor, FileStatus, Placement, Side
from tests.fakes.nouns import added, changed, diff, hunk

RIGHT, LEFT = Side.RIGHT, Side.LEFT
TWO = changed(
    "app.py",
    hunk(10, 10, " a", "-b", "+B", "+C", " d"),  # base 10-12, head 10-13
    hunk(40, 41, " x", "+y", " z"),  # base 40-41, head 41-43
)
DIFF = diff(TWO, added("new.py", 5))


def inline(line, start=None, side=RIGHT, path="app.py"):
    return Anchor(placement=Placement.INLINE, path=path, side=side, line=line, start_line=start)


def on_file(path="app.py", side=RIGHT):
    return Anchor(placement=Placement.FILE, path=path, side=side)


def test_one_line_in_a_hunk():
    assert anchor("app.py", 11, None, RIGHT, DIFF) == inline(11)
    assert anchor("app.py", 11, 11, RIGHT, DIFF) == inline(11)
    assert anchor("app.py", 12, None, LEFT, DIFF) == inline(12, side=LEFT)


def test_lines_outside_every_hunk_are_on_the_file():
    for line in (9, 14, 40, 44):
        assert anchor("app.py", line, None, RIGHT, DIFF) == on_file()
    assert anchor("app.py", 13, None, LEFT, DIFF) == on_file(side=LEFT)


def test_several_lines_in_one_hunk():
    assert anchor("app.py", 11, 13, RIGHT, DIFF) == inline(13, start=11)


def test_lines_that_reach_out_of_the_hunk_are_narrowed():
    assert anchor("app.py", 12, 20, RIGHT, DIFF) == inline(13, start=12)
    assert anchor("app.py", 1, 11, RIGHT, DIFF) == inline(11, start=10)
    assert anchor("app.py", 13, 14, RIGHT, DIFF) == inline(13)


def test_lines_over_two_hunks_stand_in_the_first():
    assert anchor("app.py", 12, 42, RIGHT, DIFF) == inline(13, start=12)


def test_whole_file():
    assert anchor("app.py", None, None, RIGHT, DIFF) == on_file()


def test_a_file_that_is_not_in_the_diff():
    assert anchor("x.py", 3, None, RIGHT, DIFF) == Anchor(placement=Placement.SUMMARY, path="x.py")


def test_a_binary_file():
    assert anchor("x.png", 1, None, RIGHT, diff(changed("x.png", binary=True))) == on_file("x.png")


def test_a_deleted_file_has_lines_of_the_base_only():
    gone = changed("x.py", hunk(1, 0, "-a", "-b"), status=FileStatus.DELETED)
    assert anchor("x.py", 2, None, RIGHT, diff(gone)) == inline(2, side=LEFT, path="x.py")


def test_a_renamed_file_is_found_by_its_old_name():
    moved = changed("new.py", hunk(1, 1, "-a", "+b"), old_path="old.py", status=FileStatus.RENAMED)
    assert anchor("old.py", 1, None, RIGHT, diff(moved)) == inline(1, path="new.py")


def test_a_copied_file_does_not_speak_for_its_original():
    copied = changed("new.py", hunk(1, 1, "-a", "+b"), old_path="old.py", status=FileStatus.COPIED)
    assert anchor("old.py", 1, None, RIGHT, diff(copied)).placement is Placement.SUMMARY


def test_a_replacement_stands_on_exactly_its_lines():
    assert covers(inline(13, start=11), 11, 13, RIGHT)
    assert covers(inline(11), 11, None, RIGHT)
    assert covers(inline(11), 11, 11, RIGHT)
    assert not covers(inline(13, start=11), 11, 14, RIGHT)
    assert not covers(inline(13, start=11), 10, 13, RIGHT)
    assert not covers(inline(11, side=LEFT), 11, None, LEFT)
    assert not covers(inline(11), 11, None, LEFT)
    assert not covers(on_file(), 11, None, RIGHT)


@st.composite
def files(draw):
    """A file with hunks as git writes them: in order, apart, both sides counted."""
    hunks, old, new = [], 1, 1
    for _ in range(draw(st.integers(0, 4))):
        gap = draw(st.integers(1, 9))
        marks = draw(st.lists(st.sampled_from(" +-"), min_size=1, max_size=8))
        made = hunk(old + gap, new + gap, *(mark + "x" for mark in marks))
        hunks.append(made)
        old, new = made.old_start + made.old_lines, made.new_start + made.new_lines
    return changed("app.py", *hunks)


@given(files(), st.integers(1, 60), st.integers(0, 20), st.sampled_from(Side))
def test_an_anchor_is_always_one_that_github_takes(file, line, more, side):
    place = anchor("app.py", line, line + more, side, diff(file))
    shown = file.lines(side)
    wanted = set(range(line, line + more + 1))
    if not wanted & shown:
        assert place == on_file(side=side)
        return
    assert place.placement is Placement.INLINE
    assert place.line is not None
    first = place.start_line if place.start_line is not None else place.line
    marked = set(range(first, place.line + 1))
    assert marked <= wanted & shown
    assert place.start_line is None or place.start_line < place.line
    holders = [h for h in file.hunks if marked & changed("app.py", h).lines(side)]
    assert len(holders) == 1
    assert marked == wanted & changed("app.py", holders[0]).lines(side)


def test_of_hunks_in_any_order_the_first_in_the_file_counts():
    backwards = changed("app.py", *reversed(TWO.hunks))
    assert anchor("app.py", 12, 42, RIGHT, diff(backwards)) == inline(13, start=12)
