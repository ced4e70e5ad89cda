"""Files around a change: who imports what changed, what it imports, and what tests it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.context.structure.related.files import Files
from bot.context.structure.related.graph import Edge, pinned
from bot.context.structure.related.languages import READERS
from bot.models.structure import MAX_PINS, Pin


def related(tree: Path, changed: Sequence[str], *, limit: int = MAX_PINS) -> tuple[Pin, ...]:
    """The nearest first. Only languages in which something changed are read."""
    files = Files(tree)
    return pinned(_edges(files, changed), changed, files.paths, limit=limit)


def _edges(files: Files, changed: Sequence[str]) -> Iterator[Edge]:
    for suffixes, edges in READERS:
        if any(path.endswith(suffixes) for path in changed):
            yield from edges(files)
