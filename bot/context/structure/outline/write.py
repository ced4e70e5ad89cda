"""An outline as text: what a file defines, and its changed regions in full. Pure.

Lines of the file stand with their numbers. What does not fit is dropped whole, the entries farthest
from the change first, and the text says how many; the file's own regions go last.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

from bot.models.structure import Definition, Kind
from bot.models.text import visible

AROUND = 3
"""Lines of the file shown before and after a changed one."""
MAX_LINE = 400

Count = Callable[[str], int]
_Piece = tuple[int, int, str]
"""(first line, depth, text)"""


def written(
    found: Sequence[Definition],
    lines: Sequence[str],
    changed: Collection[int],
    *,
    limit: int,
    short: int,
    count: Count,
) -> tuple[str, int]:
    """(the text, how many entries are not in it).

    The whole is at most ``limit`` tokens, the entries without the regions at most ``short``.
    """
    near = sorted(line for line in set(changed) if 1 <= line <= len(lines))
    regions = [_region(lines, first, last) for first, last in _spans(near, len(lines))]
    ranked = sorted(found, key=lambda definition: _rank(definition, near))
    entries = [_entry(definition) for definition in ranked]
    whole = _joined(regions, entries, 0)
    if count(whole) <= limit and count(_joined((), entries, 0)) <= short:
        return whole, 0
    room = limit - count(_left_out(len(entries) + len(regions)))
    kept, spent = _fitting(regions, room, count)
    more, _spent = _fitting(entries, min(room - spent, short), count)
    while True:
        lost = len(regions) + len(entries) - len(kept) - len(more)
        text = _joined(kept, more, lost)
        if count(text) <= limit or not (kept or more):
            return (text, lost) if count(text) <= limit else ("", lost)
        # Parts do not add up to the whole to the last token.
        (more or kept).pop()


def _fitting(pieces: Sequence[_Piece], room: int, count: Count) -> tuple[list[_Piece], int]:
    """The first ones, in their order, as long as they fit."""
    kept: list[_Piece] = []
    spent = 0
    for piece in pieces:
        price = count(f"{piece[2]}\n")
        if spent + price > room:
            break
        kept.append(piece)
        spent += price
    return kept, spent


def _joined(regions: Sequence[_Piece], entries: Sequence[_Piece], lost: int) -> str:
    text = [piece[2] for piece in sorted([*entries, *regions], key=lambda p: (p[0], p[1]))]
    return "\n".join([*text, *([_left_out(lost)] if lost else [])])


def _left_out(lost: int) -> str:
    return f"({lost} more of this file did not fit here)"


def _entry(definition: Definition) -> _Piece:
    depth = len(definition.parents)
    span = f"{definition.start}-{definition.end}"
    said = visible(definition.signature or definition.name)
    return definition.start, depth, f"{span:>11}  {'  ' * min(depth, 12)}{said}"


def _region(lines: Sequence[str], first: int, last: int) -> _Piece:
    shown = [
        f"{number:>9} | {_visible(lines[number - 1])}".rstrip() for number in range(first, last + 1)
    ]
    # Below the entry of what begins on the same line.
    return first, 1_000, "\n".join(shown)


def _visible(line: str) -> str:
    shown = "\t".join(visible(part) for part in line.split("\t"))
    return shown if len(shown) <= MAX_LINE else f"{shown[:MAX_LINE]}…"


def _spans(changed: Sequence[int], length: int) -> list[tuple[int, int]]:
    """Ranges of lines around the changed ones; those that touch are one."""
    spans: list[tuple[int, int]] = []
    for line in changed:
        first, last = max(1, line - AROUND), min(length, line + AROUND)
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _rank(definition: Definition, changed: Sequence[int]) -> tuple[bool, int, int, int, int, str]:
    """What can be called first, then what is only spoken of; the nearest to the change first."""
    lesser = definition.kind in (Kind.IMPORT, Kind.CONSTANT)
    depth, span = len(definition.parents), (definition.start, definition.end)
    return lesser, _distance(definition, changed), depth, *span, definition.name


def _distance(definition: Definition, changed: Sequence[int]) -> int:
    """Lines between a definition and the nearest changed one; 0 inside."""
    place = bisect_left(changed, definition.start)
    after = changed[place] - definition.end if place < len(changed) else None
    before = definition.start - changed[place - 1] if place else None
    return max(0, min((d for d in (after, before) if d is not None), default=0))
