"""From who imports whom to what a reader should open: nearest first, and never many. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.context.structure.related.tests_of import is_test, named_for
from bot.models.structure import MAX_PINS, Pin, Relation

DEPTH = 3
_ORDER = tuple(Relation)

Edge = tuple[str, str]
"""(the file that imports, the file that is imported)."""


def pinned(
    edges: Iterable[Edge],
    changed: Sequence[str],
    there: Collection[str],
    *,
    limit: int = MAX_PINS,
) -> tuple[Pin, ...]:
    """Files ``there`` around the changed ones, by distance, then tests, importers, imported.

    The same edges in any order give the same pins. A changed file is no pin.
    """
    imports: dict[str, set[str]] = {}
    importers: dict[str, set[str]] = {}
    for one, other in edges:
        imports.setdefault(one, set()).add(other)
        importers.setdefault(other, set()).add(one)
    start = sorted(set(changed))
    found: dict[str, Pin] = {}
    for path, via in named_for(start, there):
        _add(found, path, Relation.TESTS, 1, via)
    for path, (distance, via) in _reached(importers, start).items():
        relation = Relation.TESTS if is_test(path) else Relation.IMPORTS
        _add(found, path, relation, distance, via)
    for path, (distance, via) in _reached(imports, start).items():
        _add(found, path, Relation.IMPORTED, distance, via)
    known = [pin for pin in found.values() if pin.path in there and pin.path not in start]
    return tuple(sorted(known, key=_rank))[:limit]


def _reached(
    neighbours: Mapping[str, set[str]], start: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """(steps, the changed file it was reached from) of whatever is at most `DEPTH` steps away."""
    reached: dict[str, tuple[int, str]] = {path: (0, path) for path in start}
    edge = list(start)
    for distance in range(1, DEPTH + 1):
        further: list[str] = []
        for path in edge:
            via = reached[path][1]
            for other in sorted(neighbours.get(path, ())):
                if other not in reached:
                    reached[other] = (distance, via)
                    further.append(other)
        edge = sorted(further)
    return {path: place for path, place in reached.items() if place[0]}


def _add(found: dict[str, Pin], path: str, relation: Relation, distance: int, via: str) -> None:
    pin = Pin(path=path, relation=relation, distance=distance, via=via)
    if path not in found or _rank(pin) < _rank(found[path]):
        found[path] = pin


def _rank(pin: Pin) -> tuple[int, int, str]:
    return pin.distance, _ORDER.index(pin.relation), pin.path
