"""Finds places of code in prose, however they are spelled, and believes only those that exist.

Instead of guessing what a path looks like, the paths that exist are looked for: so spaces, brackets
and names without an ending are no matter. What stands beside a path may name its lines:
``path:10``, ``path#L10-L12``, ``path (lines 10–12)``, ``line 10 of path``, a link to it, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.findings.paths import TREES

MAX_PATHS = 5_000
MAX_PLACES = 2_000

_NUMBERS = r"L?(\d{1,7})(?:(?::\d{1,5})?\s{0,2}(?:-|–|—|to|through|and)\s{0,2}L?(\d{1,7}))?"
_MARKS = r"[`*_\"'\)\]>]{0,6}"
_AFTER = re.compile(
    rf"(?:::?|#){_NUMBERS}"
    rf"|{_MARKS}(?:::?|#){_NUMBERS}"
    rf"|{_MARKS}\s{{0,2}}[,;:]?\s{{0,2}}[(\[]?\s{{0,2}}(?:at\s|on\s|@\s{{0,1}})?\s{{0,2}}[`*]{{0,3}}"
    rf"(?:lines?|ln\.?|l\.|L(?=\d))\s{{0,2}}:?\s{{0,2}}[`*]{{0,3}}{_NUMBERS}",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"\blines?\s{{0,2}}[`*]{{0,3}}{_NUMBERS}[`*]{{0,3}}\s{{0,2}}(?:of|in|from|at)\s{{1,2}}"
    rf"(?:the\s{{1,2}}file\s{{1,2}})?[`*_\"'\[(<]{{0,4}}(?:\./|[ab]/)?$",
    re.IGNORECASE,
)
_ROOTS = ("./", "a/", "b/", *TREES)
_BLOB = re.compile(r"https?://[^\s()<>]{1,300}/blob/[^\s()<>/]{1,200}/$")
_LOOK = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file that exists and, where they exist too, its lines; and where in the text it stands."""

    file: str
    line: int | None
    end_line: int | None
    start: int
    end: int


def places(text: str, sizes: Mapping[str, int]) -> list[Place]:
    """In the order of the text, not overlapping. ``sizes``: lines of each file that there is."""
    found: list[Place] = []
    taken = 0
    for start, end, file in _mentions(text, sizes):
        if start < taken or len(found) >= MAX_PLACES:
            continue
        first, last, stop = _lines(text, start, end)
        if first is not None and not 1 <= first <= sizes[file]:
            first = last = None
        if first is not None and (last is None or not first < last <= sizes[file]):
            last = None
        found.append(Place(file=file, line=first, end_line=last, start=start, end=stop))
        taken = stop
    return found


def _mentions(text: str, sizes: Mapping[str, int]) -> list[tuple[int, int, str]]:
    """(start, end, file) of every name; of two at one place the longer one."""
    names = _names(list(sizes)[:MAX_PATHS])
    hits: list[tuple[int, int, str]] = []
    for name, file in names.items():
        hits += [
            (start, start + len(name), file)
            for start in _positions(text, name)
            if _whole(text, start, start + len(name), full=name == file)
        ]
    return sorted(hits, key=lambda hit: (hit[0], -hit[1]))


def _names(files: Collection[str]) -> dict[str, str]:
    """Full paths, and last parts that only one of the files has."""
    last: dict[str, list[str]] = {}
    for file in files:
        last.setdefault(file.rpartition("/")[2], []).append(file)
    short = {name: found[0] for name, found in last.items() if len(found) == 1 and len(name) > 2}
    return {**short, **{file: file for file in files}}


def _positions(text: str, name: str) -> Iterator[int]:
    position = text.find(name)
    while position >= 0:
        yield position
        position = text.find(name, position + 1)


def _whole(text: str, start: int, end: int, *, full: bool) -> bool:
    """Whether the name stands for itself, and is no part of a longer path or word.

    A short name after a slash is the end of another path.
    """
    before = text[max(0, start - 600) : start]
    after = text[end : end + 2]
    if after[:1].isalnum() or after[:1] in ("_", "/", "-") or re.match(r"\.\w", after):
        return False
    if before.endswith("/"):
        rooted = any(_ends_with_root(before, root) for root in _ROOTS)
        return full and (rooted or _BLOB.search(before) is not None)
    return not (before[-1:].isalnum() or before[-1:] in ("_", "-", ".", "@", "\\"))


def _ends_with_root(before: str, root: str) -> bool:
    rest = before.removesuffix(root)
    return rest != before and not (rest[-1:].isalnum() or rest[-1:] in ("_", "-", ".", "/"))


def _lines(text: str, start: int, end: int) -> tuple[int | None, int | None, int]:
    """(first, last, end of the spelling)."""
    match = _AFTER.match(text, end, end + _LOOK)
    if match is not None:
        first, last = _numbers(match.groups())
        return first, last, match.end()
    match = _BEFORE.search(text[max(0, start - _LOOK) : start])
    if match is not None:
        first, last = _numbers(match.groups())
        return first, last, end
    return None, None, end


def _numbers(groups: Iterable[str | None]) -> tuple[int | None, int | None]:
    given = [int(group) for group in groups if group is not None]
    if not given:
        return None, None
    return given[0], (given[1] if len(given) > 1 else None)
