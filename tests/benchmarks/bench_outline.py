"""How much of long files an outline keeps, and what it saves.

``python -m tests.benchmarks.bench_outline [FOLDER…]``: every file of more than 200 lines below the
folders (without any: the packages of this environment), by language. ``found``: definitions that
another reader of the file sees as well (`oracles.py`); ``misplaced``: shown below something that
does not enclose them; ``saved``: tokens, by the estimate, of an outline without a change.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bot.context.structure.outline import MAX_BYTES, outline
from bot.context.structure.outline.grammar import Grammar
from bot.context.structure.outline.languages import grammar_of
from bot.context.structure.outline.read import definitions
from bot.context.tokens import estimate
from bot.models.structure import Definition, Kind
from tests.benchmarks import oracles

LEAST = 99.0
PACKAGES = ("aiohttp", "sqlalchemy", "hypothesis")
_LONG = 200


@dataclass
class Tally:
    files: int = 0
    wanted: int = 0
    found: int = 0
    misplaced: int = 0
    before: int = 0
    after: int = 0
    above: int = 0
    seconds: float = 0.0
    lost: Counter[str] = field(default_factory=Counter)


def measured(path: Path, source: bytes, grammar: Grammar, tally: Tally) -> None:
    started = time.perf_counter()
    found = definitions(source, grammar)
    tally.seconds += time.perf_counter() - started
    known = (
        oracles.of_python(source)
        if grammar.name == "python"
        else oracles.of_tags(source, grammar, tags_of(grammar))
    )
    compare(found, known, grammar.name, tally)
    text = source.decode("utf-8", "replace")
    limit = 4_000
    short = outline(str(path), source, (), limit=limit, count=estimate)
    if short is not None:
        cost = estimate(short.text)
        tally.before += estimate(text)
        tally.after += cost
        tally.above += cost > limit
    tally.files += 1


def compare(
    found: tuple[Definition, ...], known: list[oracles.Defined], language: str, tally: Tally
) -> None:
    named: dict[str, list[Definition]] = {}
    for definition in found:
        if definition.kind not in (Kind.IMPORT, Kind.CONSTANT):
            named.setdefault(definition.name.rpartition("::")[2], []).append(definition)
    for name, line, around in known:
        tally.wanted += 1
        mine = [d for d in named.get(name, []) if d.start <= line <= d.end]
        if not mine:
            tally.lost[name] += 1
            continue
        tally.found += 1
        nearest = max(mine, key=lambda d: d.start)
        if language == "python":
            right = ".".join(nearest.parents) == around
        else:
            right = around in ("", *(name.rpartition("::")[2] for name in nearest.parents))
        tally.misplaced += not right


def tags_of(grammar: Grammar) -> str:
    names = {"tsx": "typescript"}
    module = importlib.import_module(f"tree_sitter_{names.get(grammar.name, grammar.name)}")
    return str(getattr(module, "TAGS_QUERY", ""))


def main() -> int:
    libraries = Path(sysconfig.get_path("purelib"))
    roots = [Path(name) for name in sys.argv[1:]] or [libraries / name for name in PACKAGES]
    tallies: dict[str, Tally] = {}
    for path in sorted(p for root in roots for p in root.rglob("*") if p.is_file()):
        grammar = grammar_of(path.name)
        if grammar is None or path.stat().st_size > MAX_BYTES:
            continue
        source = path.read_bytes()
        if source.count(b"\n") > _LONG and b"\0" not in source:
            measured(path, source, grammar, tallies.setdefault(grammar.name, Tally()))
    print(f"{'':12}{'files':>6}{'known':>8}{'found':>9}{'misplaced':>11}{'saved':>8}{'time':>9}")
    bad = False
    for name, tally in sorted(tallies.items()):
        share = 100 * tally.found / max(1, tally.wanted)
        saved = 100 * (1 - tally.after / max(1, tally.before))
        print(
            f"{name:12}{tally.files:6}{tally.wanted:8}{share:8.2f}%{tally.misplaced:11}"
            f"{saved:7.1f}%{tally.seconds:8.2f}s"
        )
        if tally.lost:
            print("  not found:", ", ".join(f"{n} ×{c}" for n, c in tally.lost.most_common(8)))
        bad |= share < LEAST or tally.misplaced > 0 or saved < 80 or tally.above > 0
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
