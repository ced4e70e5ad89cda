from hypothesis import given
from hypothesis import strategies as st

from bot.agents.edits import Edit, Replacement, replacement
from bot.models import FileDiff, FileStatus, Hunk


def file(*lines: str, start: int = 1) -> FileDiff:
    hunk = Hunk(
        old_start=start,
        old_lines=0,
        new_start=start,
        new_lines=len(lines),
        lines=tuple(f"+{line}" for line in lines),
    )
    return FileDiff(path="a.py", old_path="a.py", status=FileStatus.ADDED, hunks=(hunk,))


def edit(line: int, column: int, end_line: int, end_column: int, content: str = "") -> Edit:
    return Edit(line=line, column=column, end_line=end_line, end_column=end_column, content=content)


def test_a_part_of_a_line() -> None:
    done = replacement([edit(6, 6, 6, 8, "==")], file("x = 1", "if a is 'x':", start=5))

    assert done == Replacement(line=6, end_line=6, text="if a == 'x':")


def test_a_whole_line_that_goes_away() -> None:
    done = replacement([edit(1, 1, 2, 1)], file("import os", "x = 1"))

    assert done == Replacement(line=1, end_line=1, text="")


def test_the_last_line_of_a_file_that_goes_away() -> None:
    assert replacement([edit(1, 1, 2, 1)], file("import os")) == Replacement(
        line=1, end_line=1, text=""
    )


def test_several_edits_over_several_lines() -> None:
    done = replacement(
        [edit(3, 1, 3, 2, "z"), edit(1, 1, 1, 2, "x")], file("a = (", "b,", "c)", "d")
    )

    assert done == Replacement(line=1, end_line=3, text="x = (\nb,\nz)")


def test_an_insertion() -> None:
    assert replacement([edit(1, 2, 1, 2, "bc")], file("ad")) == Replacement(
        line=1, end_line=1, text="abcd"
    )


def test_what_is_not_certain_is_no_replacement() -> None:
    plain = file("abc", "def")

    assert replacement([], plain) is None
    assert replacement([edit(3, 1, 3, 2)], plain) is None, "not in the diff"
    assert replacement([edit(1, 1, 1, 3), edit(1, 2, 1, 4)], plain) is None, "they overlap"
    assert replacement([edit(1, 1, 1, 99)], plain) is None, "past the end"
    assert replacement([edit(1, 3, 1, 1)], plain) is None, "backwards"
    assert replacement([edit(2, 4, 3, 1)], plain) is None, "it would join two lines"
    assert replacement([edit(1, 1, 1, 4)], plain) is None, "empty is not deleted"
    assert replacement([edit(1, 1, 1, 2)], file("\u00e4bc")) is None, "columns of what?"
    assert replacement([edit(1, 1, 1, 2)], file("abc\r")) is None, "line ends of what?"


@given(
    st.lists(st.text(alphabet="abc ", max_size=5), min_size=1, max_size=4),
    st.tuples(*[st.integers(min_value=1, max_value=7)] * 4),
    st.text(alphabet="xy\n", max_size=4),
)
def test_a_replacement_is_what_the_edit_does_to_the_file(
    lines: list[str], place: tuple[int, int, int, int], content: str
) -> None:
    done = replacement([edit(*place, content)], file(*lines))
    if done is None:
        return
    line, column, end_line, end_column = place
    text = "\n".join(lines) + "\n"
    starts = [0]
    for number, one in enumerate(lines):
        starts.append(starts[number] + len(one) + 1)
    head = text[: starts[line - 1] + column - 1]
    wanted = head + content + text[starts[end_line - 1] + end_column - 1 :]
    new = f"{done.text}\n" if done.text else ""
    before = "".join(f"{one}\n" for one in lines[: done.line - 1])
    after = "".join(f"{one}\n" for one in lines[done.end_line :])

    assert before + new + after == wanted
