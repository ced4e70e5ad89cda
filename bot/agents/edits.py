"""Turns an analyzer's edits into the new text of whole lines, from the diff alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import FileDiff


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Replace from (line, column) up to (end_line, end_column); both count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacement:
    """The new text of lines ``line`` to ``end_line``, without the last line's end."""

    line: int
    end_line: int
    text: str


def replacement(edits: Sequence[Edit], file: FileDiff) -> Replacement | None:
    """None where it is not certain: lines outside the diff, overlaps, odd characters or ends."""
    lines = _head_lines(file)
    ordered = sorted(edits, key=lambda e: (e.line, e.column))
    if not ordered:
        return None
    first, last = ordered[0].line, max(_last(edit) for edit in ordered)
    old = [lines.get(number) for number in range(first, last + 1)]
    known = [line for line in old if line is not None and line.isascii() and "\r" not in line]
    if len(known) != len(old):
        return None
    starts = [0]
    for line in known:
        starts.append(starts[-1] + len(line) + 1)
    text = "\n".join(known) + "\n"
    spans = [
        (_offset(starts, first, e.line, e.column), _offset(starts, first, e.end_line, e.end_column))
        for e in ordered
    ]
    new = _spliced(text, spans, [edit.content for edit in ordered])
    if new is None:
        return None
    if new == "":
        return Replacement(line=first, end_line=last, text="")
    if not new.endswith("\n") or new == "\n":
        return None  # an empty text would delete the line, not empty it
    return Replacement(line=first, end_line=last, text=new[:-1])


def _spliced(text: str, spans: Sequence[tuple[int, int]], contents: Sequence[str]) -> str | None:
    done: list[str] = []
    position = 0
    for (start, end), content in zip(spans, contents, strict=True):
        if not position <= start <= end <= len(text):
            return None
        done += [text[position:start], content]
        position = end
    return "".join([*done, text[position:]])


def _last(edit: Edit) -> int:
    """An edit that ends before the first character of a line does not change that line."""
    return (
        edit.end_line - 1 if edit.end_column == 1 and edit.end_line > edit.line else edit.end_line
    )


def _offset(starts: Sequence[int], first: int, line: int, column: int) -> int:
    index = line - first
    return starts[index] + column - 1 if 0 <= index < len(starts) else -1


def _head_lines(file: FileDiff) -> dict[int, str]:
    return {
        new: line[1:]
        for hunk in file.hunks
        for _old, new, line in hunk.numbered()
        if new is not None
    }
