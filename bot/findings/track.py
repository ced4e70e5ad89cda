"""Where a line of an earlier head lies now, read from the diff between the two heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.models import Diff, FileDiff, FileStatus, Hunk, KnownIssue, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A known issue's place today. ``stands``: its first line is there, unchanged."""

    file: str
    line: int | None = None
    end_line: int | None = None
    stands: bool = False


def locate(known: KnownIssue, diff: Diff | None, lines: Mapping[str, Sequence[str]]) -> Spot:
    """Map the place through ``diff``; without one, see whether the lines still read the same."""
    if known.line is None:
        return Spot(file=_renamed(known.file, diff))
    if diff is None or known.side is Side.LEFT:
        # A diff between heads says nothing about the base.
        return _unmapped(known, lines)
    changed = _change_of(known.file, diff)
    if changed is None:
        return _at(known, known.file, known.line, stands=True)
    if changed.status is FileStatus.DELETED:
        return Spot(file=known.file)
    line, stands = moved(known.line, changed.hunks)
    return _at(known, changed.path, line, stands=stands)


def moved(line: int, hunks: Sequence[Hunk]) -> tuple[int | None, bool]:
    """(the line's number today, whether it is unchanged).

    A changed line maps to the one that replaced it, a removed one to None.
    """
    shift = 0
    for hunk in hunks:
        # A hunk that only adds names the line before it as its start.
        first = hunk.old_start if hunk.old_lines else hunk.old_start + 1
        if line < first:
            break
        if line < first + hunk.old_lines:
            return _within(line, hunk)
        shift = hunk.new_lines - hunk.old_lines + shift
    return line + shift, True


def _within(line: int, hunk: Hunk) -> tuple[int | None, bool]:
    """Git prints removed lines before the added ones: the n-th added one stands for the n-th."""
    removed: list[int] = []
    added: list[int] = []
    for old, new, text in hunk.numbered():
        if text.startswith(" "):
            if old == line:
                return new, True
            if line in removed:
                break
            removed, added = [], []
        elif old is not None:
            removed.append(old)
        elif new is not None:
            added.append(new)
    if line not in removed or not added:
        return None, False
    return added[min(removed.index(line), len(added) - 1)], False


def _at(known: KnownIssue, file: str, line: int | None, *, stands: bool) -> Spot:
    if line is None or known.line is None:
        return Spot(file=file)
    height = known.end_line - known.line if known.end_line is not None else 0
    return Spot(file=file, line=line, end_line=line + height, stands=stands)


def _unmapped(known: KnownIssue, lines: Mapping[str, Sequence[str]]) -> Spot:
    """Its own code, nearest to where it was; else the same number, as a guess."""
    code = [line.split() for line in known.code.split("\n")]
    was = known.line if known.line is not None else 1
    if known.side is Side.LEFT or not any(code):
        return _at(known, known.file, was, stands=False)
    text = [line.split() for line in lines.get(known.file, ())]
    found = [
        n + 1
        for n, words in enumerate(text)
        if words == code[0] and text[n : n + len(code)] == code
    ]
    if not found:
        return _at(known, known.file, was, stands=False)
    return _at(known, known.file, min(found, key=lambda n: (abs(n - was), n)), stands=True)


def _change_of(path: str, diff: Diff) -> FileDiff | None:
    return next((f for f in diff.files if f.old_path == path and f.status not in _NEW), None)


_NEW = frozenset({FileStatus.ADDED, FileStatus.COPIED})


def _renamed(path: str, diff: Diff | None) -> str:
    changed = _change_of(path, diff) if diff is not None else None
    return changed.path if changed is not None else path
