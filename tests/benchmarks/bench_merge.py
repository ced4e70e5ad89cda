"""Merging 100 findings of four agents: under 50 ms. ``python tests/benchmarks/bench_merge.py``.

With a file of labelled findings (JSON Lines with ``pr``, ``view``, ``project``, ``tool``, ``text``,
``status``, ``label``, ``not``) as argument, how well the text similarity groups them: panels of
four tools, every project apart.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

from bot.findings.merge import merge
from bot.models import Diff, FileDiff, FileStatus, Finding, Hunk, Severity

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


Row = dict[str, Any]


def panels(rows: list[Row], size: int = 4, count: int = 8) -> list[list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["pr"], row["view"]].append(row)
    rnd = random.Random(1)  # noqa: S311  # the same panels every time
    tools = sorted({row["tool"] for row in rows})
    drawn = [set(rnd.sample(tools, size)) for _ in range(count)]
    return [
        [row for row in group if row["tool"] in panel]
        for panel in drawn
        for _key, group in sorted(groups.items())
    ]


def grouped(rows: list[Row]) -> list[int]:
    """The cluster of each row: what `merge` makes of them without any place."""
    keyed = [
        Finding(agent=row["tool"], severity=Severity.MAJOR, file="", description=row["text"])
        for row in rows
    ]
    issues = merge(keyed, diff=Diff(base_sha="", head_sha=""), lines={})
    cluster = {source: n for n, issue in enumerate(issues) for source in issue.sources}
    return [cluster[finding] for finding in keyed]


def score(groups: list[list[Row]]) -> dict[str, float]:
    """Pairwise, as labelled; ``jF1`` counts merges with judged negatives as false too."""
    good = bad = missed = judged = 0
    split: list[int] = []
    lost = total = 0
    for rows in groups:
        cluster = grouped(rows)
        labelled = [n for n, row in enumerate(rows) if row["status"] == "labelled"]
        for i, j in combinations(labelled, 2):
            one, same = cluster[i] == cluster[j], rows[i]["label"] == rows[j]["label"]
            good += one and same
            bad += one and not same
            missed += same and not one
        judged += sum(
            cluster[i] == cluster[j] and rows[i]["label"] in row["not"]
            for i in labelled
            for j, row in enumerate(rows)
            if row["status"] == "unmatched"
        )
        topics: dict[int, Counter[int]] = defaultdict(Counter)
        places: dict[int, list[int]] = defaultdict(list)
        for n in labelled:
            topics[cluster[n]][rows[n]["label"]] += 1
            places[rows[n]["label"]].append(cluster[n])
        main = {min(c, key=lambda label: (-c[label], label)) for c in topics.values()}
        total += len(places)
        lost += sum(label not in main for label in places)
        split += [len(set(found)) for found in places.values() if len(found) > 1]
    recall = good / max(1, good + missed)

    def f1(precision: float) -> float:
        return 2 * precision * recall / max(1e-9, precision + recall)

    precision = good / max(1, good + bad)
    return {
        "P": precision,
        "R": recall,
        "F1": f1(precision),
        "jF1": f1(good / max(1, good + bad + judged)),
        "comments/issue": statistics.mean(split) if split else 0.0,
        "lost": lost / max(1, total),
    }


def main() -> int:
    seconds = {count: timed(count) for count in (10, 100, 500)}
    for count, taken in seconds.items():
        print(f"merge {count:4} findings: {taken * 1000:7.1f} ms")
    good = seconds[100] < LIMIT
    print(f"100 findings under {LIMIT * 1000:.0f} ms: {'yes' if good else 'NO'}")
    if len(sys.argv) > 1:
        rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
        for project in ("", *sorted({row["project"] for row in rows})):
            chosen = [row for row in rows if project in ("", row["project"])]
            values = ", ".join(f"{k} {v:.3f}" for k, v in score(panels(chosen)).items())
            print(f"{project or 'all':10} {values}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
