"""Where else some lines stand: moved by a diff to another place, or somewhere in a tree's text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.findings.edits import telling
from bot.models import Diff, FileDiff

AROUND = 3
"""Lines before and after that tell equal lines apart."""
MAX_PLACES = 200

_Place = tuple[str, int]


def plain(line: str) -> str:
    """Without differences in space."""
    return " ".join(line.split())


class Sides:
    """The lines that a diff shows, by place, and those that it adds, by text."""

    def __init__(self, diff: Diff) -> None:
        self._old: dict[_Place, str] = {}
        self._new: dict[_Place, str] = {}
        self._added: dict[str, list[_Place]] = defaultdict(list)
        for file in diff.files:
            self._add(file)

    def _add(self, file: FileDiff) -> None:
        for hunk in file.hunks:
            for old, new, marked in hunk.numbered():
                text = plain(marked[1:])
                if old is not None:
                    self._old[file.old_path, old] = text
                if new is not None:
                    self._new[file.path, new] = text
                    if old is None:
                        self._added[text].append((file.path, new))

    def moved(self, path: str, line: int, code: str) -> _Place | None:
        """Where the diff adds ``code``, which it took from ``line``; of several, where most of the
        lines around are the same. None if it is nowhere, or nothing tells which.
        """
        own = [plain(text) for text in code.split("\n")]
        if not telling(own):
            return None
        places = [p for p in self._added.get(own[0], ())[:MAX_PLACES] if self._reads(p, own)]
        ranked = sorted((-self._alike((path, line), place), place) for place in places)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]

    def _reads(self, place: _Place, own: Sequence[str]) -> bool:
        path, line = place
        return all(self._new.get((path, line + n)) == text for n, text in enumerate(own))

    def _alike(self, was: _Place, now: _Place) -> int:
        """How many lines around the two places are the same, counted outwards from them."""
        return sum(self._run(was, now, step) for step in (-1, 1))

    def _run(self, was: _Place, now: _Place, step: int) -> int:
        for n in range(1, AROUND * 4 + 1):
            old = self._old.get((was[0], was[1] + n * step))
            if old is None or self._new.get((now[0], now[1] + n * step)) != old:
                return n - 1
        return AROUND * 4


class Text:
    """Text lines by path, searched for pieces of code."""

    def __init__(self, lines: Mapping[str, Sequence[str]]) -> None:
        self._raw = lines
        self._plain: dict[str, tuple[list[str], dict[str, list[int]]]] = {}

    def places(self, path: str, code: str) -> list[int]:
        """First lines of every occurrence in one file."""
        own = [plain(text) for text in code.split("\n")]
        text, index = self._of(path)
        starts = index.get(own[0], [])
        return [n + 1 for n in starts if text[n : n + len(own)] == own]

    def only_place(self, code: str) -> _Place | None:
        """Where it stands if it stands once in all files."""
        if not telling([plain(text) for text in code.split("\n")]):
            return None
        found = list(self._everywhere(code))
        return found[0] if len(found) == 1 else None

    def _everywhere(self, code: str) -> Iterator[_Place]:
        for path in sorted(self._raw):
            for line in self.places(path, code):
                yield path, line

    def _of(self, path: str) -> tuple[list[str], dict[str, list[int]]]:
        if path not in self._plain:
            text = [plain(line) for line in self._raw.get(path, ())]
            index: dict[str, list[int]] = defaultdict(list)
            for n, line in enumerate(text):
                index[line].append(n)
            self._plain[path] = text, index
        return self._plain[path]
