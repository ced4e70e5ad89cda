"""Merging 100 findings of four agents: under 50 ms. ``python -m tests.benchmarks.bench_merge``.

With a file of labelled findings (JSON Lines with ``pr``, ``view``, ``project``, ``tool``, ``text``,
``status``, ``label``, ``not``) as argument, how well they are merged: see `duplicates.py`.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path

from bot.findings.merge import merge
from bot.models import Diff, FileDiff, FileStatus, Finding, Hunk, Severity
from tests.benchmarks import duplicates

LIMIT = 0.050
THINGS = (
    "session", "cache", "cursor", "parser", "upload", "token", "queue", "worker", "invoice",
    "calendar", "webhook", "index",
)  # fmt: skip
FAULTS = (
    "is read after `{0}_close()` and raises for every later request",
    "never checks that {0}_id belongs to the caller, so anybody can read another {0}",
    "keeps the {0} lock while it waits for the network, which blocks all workers",
    "swallows the error of `load_{0}` and goes on with an empty {0}",
    "compares the {0} timestamps in local time, which is off by an hour in summer",
)


def findings(count: int, agents: int = 4) -> list[Finding]:
    """Every problem in the words of some agents, in two large files."""
    rnd = random.Random(7)  # noqa: S311  # the same findings every time
    made = []
    for number in range(count):
        thing, fault = rnd.choice(THINGS), rnd.choice(FAULTS)
        line = 40 * THINGS.index(thing) + 7 * FAULTS.index(fault) + rnd.randint(1, 4)
        words = f"{thing}_{rnd.choice(['store', 'view', 'job'])} {fault.format(thing)}"
        made.append(
            Finding(
                agent=f"agent-{number % agents}",
                severity=rnd.choice(list(Severity)),
                file=rnd.choice(["src/app.py", "src/jobs.py"]),
                line=line,
                description=f"{words}. Found while reading {thing} number {number}.",
            )
        )
    return made


def change(lines: int = 600) -> tuple[Diff, dict[str, list[str]]]:
    text = [f"    value_{n} = compute({n})" for n in range(1, lines + 1)]
    hunk = Hunk(
        old_start=0, old_lines=0, new_start=1, new_lines=lines, lines=tuple("+" + t for t in text)
    )
    paths = ("src/app.py", "src/jobs.py")
    files = tuple(
        FileDiff(path=p, old_path=p, status=FileStatus.ADDED, hunks=(hunk,)) for p in paths
    )
    return Diff(base_sha="b", head_sha="h", files=files), dict.fromkeys(paths, text)


def timed(count: int, rounds: int = 7) -> float:
    found, (diff, lines) = findings(count), change()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        merge(found, diff=diff, lines=lines)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> int:
    seconds = {count: timed(count) for count in (10, 100, 500)}
    for count, taken in seconds.items():
        print(f"merge {count:4} findings: {taken * 1000:7.1f} ms")
    good = seconds[100] < LIMIT
    print(f"100 findings under {LIMIT * 1000:.0f} ms: {'yes' if good else 'NO'}")
    if len(sys.argv) > 1:
        rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
        good &= duplicates.report(rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
