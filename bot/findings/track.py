"""Where a line of an earlier head lies now, read from the diff between the two heads."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.findings.moves import Sides, Text
from bot.models import Diff, FileDiff, FileStatus, Hunk, KnownIssue, Side

MAX_PLACES = 200
"""Of one text in one file; a file of equal lines must not cost more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A known issue's place today. ``stands``: its first line is there, unchanged."""

    file: str
    line: int | None = None
    end_line: int | None = None
    stands: bool = False


def locate(known: KnownIssue, diff: Diff | None, lines: Mapping[str, Sequence[str]]) -> Spot:
    """Map the place through ``diff``; without one, see whether the lines still read the same."""
    return _located(known, diff, None if diff is None else Sides(diff), Text(lines), 0)


def locate_all(
    known: Sequence[KnownIssue],
    since: Mapping[str, Diff],
    lines: Mapping[str, Sequence[str]],
) -> list[Spot]:
    """The place of each. Where an earlier head is gone, the issues of a file move together."""
    sides = {head: Sides(since[head]) for head in {k.head_sha for k in known} & set(since)}
    text = Text(lines)
    shifts = _shifts([k for k in known if k.head_sha not in since], text)
    return [
        _located(k, since.get(k.head_sha), sides.get(k.head_sha), text, shifts.get(_group(k), 0))
        for k in known
    ]


def plain_path(path: str) -> str:
    """Without ``./`` and the like; empty for an issue that is about no file."""
    return "" if path in ("", ".", "/") else posixpath.normpath(path)


def _located(
    known: KnownIssue, diff: Diff | None, sides: Sides | None, text: Text, shift: int
) -> Spot:
    path = plain_path(known.file)
    if known.line is None:
        return Spot(file=_renamed(path, diff))
    if diff is None or sides is None or known.side is Side.LEFT:
        # A diff between heads says nothing about the base.
        return _unmapped(known, path, text, shift)
    changed = change_of(path, diff)
    if changed is None:
        return _at(known, path, known.line, stands=True)
    line, stands = None, False
    if changed.status is not FileStatus.DELETED:
        line, stands = moved(known.line, changed.hunks)
    if not stands:
        away = sides.moved(path, known.line, known.code)
        if away is not None:
            return _at(known, *away, stands=True)
    gone = changed.status is FileStatus.DELETED
    return Spot(file=path) if gone else _at(known, changed.path, line, stands=stands)


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


def _unmapped(known: KnownIssue, path: str, text: Text, shift: int) -> Spot:
    """Its own code, nearest to where it was; else the same number, as a guess."""
    was = known.line if known.line is not None else 1
    if known.side is Side.LEFT or not known.code.strip():
        return _at(known, path, was, stands=False)
    found = text.places(path, known.code)
    if found:
        nearest = min(found, key=lambda n: (abs(n - was - shift), n))
        return _at(known, path, nearest, stands=True)
    away = text.only_place(known.code)
    if away is not None:
        return _at(known, *away, stands=True)
    return _at(known, path, was, stands=False)


def _group(known: KnownIssue) -> tuple[str, str]:
    return known.head_sha, plain_path(known.file)


def _shifts(known: Sequence[KnownIssue], text: Text) -> dict[tuple[str, str], int]:
    """How far the lines of a file moved: the number that brings most issues onto their code."""
    votes: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for issue in known:
        if issue.line is not None and issue.side is Side.RIGHT and issue.code.strip():
            places = text.places(plain_path(issue.file), issue.code)[:MAX_PLACES]
            votes[_group(issue)].update(n - issue.line for n in places)
    return {
        group: min(counts, key=lambda shift: (-counts[shift], abs(shift), shift))
        for group, counts in votes.items()
        if counts
    }


def change_of(path: str, diff: Diff) -> FileDiff | None:
    """What the diff did to the file that had this name before it."""
    return next((f for f in diff.files if f.old_path == path and f.status not in _NEW), None)


_NEW = frozenset({FileStatus.ADDED, FileStatus.COPIED})


def _renamed(path: str, diff: Diff | None) -> str:
    changed = change_of(path, diff) if diff is not None else None
    return changed.path if changed is not None else path
