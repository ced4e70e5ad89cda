"""Where a line of an earlier head lies now."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from bot.findings.track import Spot, locate, moved
from bot.models import FileStatus, Side
from tests.fakes.nouns import changed, diff, hunk, known


def at(line, end=None, *, stands=True, file="app.py"):
    return Spot(file=file, line=line, end_line=end if end is not None else line, stands=stands)


LINES = {"app.py": ["import os", "  return eval(x)", "", "    return  eval(x)", "return 2"]}


class TestThroughADiff:
    def test_a_file_that_did_not_change(self):
        assert locate(known(line=5, end_line=7), diff(), {}) == at(5, 7)

    def test_lines_inserted_above(self):
        through = diff(changed("app.py", hunk(1, 1, " a", *("+new",) * 200, " b")))
        assert locate(known(line=5), through, {}) == at(205)

    def test_an_insertion_without_context(self):
        file = changed("app.py", hunk(0, 1, "+a", "+b"))
        assert moved(1, file.hunks) == (3, True)
        between = (hunk(4, 5, "+a"),)
        assert moved(4, between) == (4, True)
        assert moved(5, between) == (6, True)

    def test_a_context_line(self):
        assert moved(2, (hunk(1, 1, "-a", " b", "+c"),)) == (1, True)

    def test_a_replaced_line(self):
        edited = (hunk(1, 1, " a", "-b", "-c", "+B", "+C", " d"),)
        assert moved(2, edited) == (2, False)
        assert moved(3, edited) == (3, False)
        assert moved(4, edited) == (4, True)

    def test_a_file_without_a_line_end_at_its_end(self):
        edited = (hunk(1, 1, "-a", "\\ No newline at end of file", "+b", "\\ No newline"),)
        assert moved(1, edited) == (1, False)

    def test_fewer_lines_in_its_place(self):
        assert moved(3, (hunk(1, 1, " a", "-b", "-c", "+B", " d"),)) == (2, False)

    def test_a_removed_line_lies_nowhere(self):
        removed = (hunk(1, 1, " a", "-b", " c", "+d"),)
        assert moved(2, removed) == (None, False)
        assert moved(2, (hunk(1, 1, " a", "-b"),)) == (None, False)
        through = diff(changed("app.py", *removed))
        assert locate(known(line=2), through, {}) == Spot(file="app.py")

    def test_a_renamed_file(self):
        through = diff(changed("new.py", old_path="app.py", status=FileStatus.RENAMED))
        assert locate(known(line=5), through, {}) == at(5, file="new.py")
        assert locate(known(line=None), through, {}) == Spot(file="new.py")

    def test_a_deleted_file(self):
        through = diff(changed("app.py", hunk(1, 0, "-a"), status=FileStatus.DELETED))
        assert locate(known(line=1), through, {}) == Spot(file="app.py")

    def test_a_new_file_of_that_name_says_nothing(self):
        through = diff(changed("app.py", hunk(0, 1, "+a"), status=FileStatus.ADDED))
        assert locate(known(line=1), through, {}) == at(1)


class TestWithoutADiff:
    def test_its_code_nearest_to_where_it_was(self):
        assert locate(known(line=1), None, LINES) == at(2)
        assert locate(known(line=3), None, LINES) == at(2)
        assert locate(known(line=9), None, LINES) == at(4)

    def test_code_of_several_lines(self):
        two = known(line=1, end_line=2, code="return eval(x)\nreturn 2")
        assert locate(two, None, LINES) == at(4, 5)

    def test_code_that_is_gone_leaves_a_guess(self):
        assert locate(known(line=7, code="x()"), None, LINES) == at(7, stands=False)
        assert locate(known(line=7, code=""), None, LINES) == at(7, stands=False)
        assert locate(known(line=7), None, {}) == at(7, stands=False)

    def test_lines_of_the_base_cannot_be_followed(self):
        left = known(line=2, side=Side.LEFT)
        assert locate(left, diff(), LINES) == at(2, stands=False)

    def test_the_whole_file(self):
        assert locate(known(line=None), None, {}) == Spot(file="app.py")


texts = st.lists(st.sampled_from("abcdef"), max_size=14)


def hunks(old, new, context):
    """What a diff of the two texts would be, with so much context."""
    found = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(
        context
    ):
        lines = []
        for tag, i, k, m, n in group:
            if tag == "equal":
                lines += [" " + line for line in old[i:k]]
            else:
                lines += ["-" + line for line in old[i:k]] + ["+" + line for line in new[m:n]]
        # A side without lines is numbered by the line before it, as git does.
        made = hunk(group[0][1] + 1, group[0][3] + 1, *lines)
        start = made.old_start if made.old_lines else made.old_start - 1
        found.append(hunk(start, made.new_start if made.new_lines else made.new_start - 1, *lines))
    return tuple(found)


@given(texts, texts, st.integers(0, 3))
def test_a_line_that_stands_reads_the_same(old, new, context):
    found = hunks(old, new, context)
    for number, text in enumerate(old, 1):
        line, stands = moved(number, found)
        assert line is None or 1 <= line <= max(1, len(new))
        assert not stands or (line is not None and new[line - 1] == text)


@given(texts, texts, st.integers(0, 3))
def test_unchanged_lines_keep_their_order(old, new, context):
    found = hunks(old, new, context)
    places = [moved(number, found) for number in range(1, len(old) + 1)]
    kept = [line for line, stands in places if stands and line is not None]
    assert kept == sorted(set(kept))
