"""How well findings of several tools are merged, on labelled ones: every project held out in turn.

Panels of four tools out of all; one group to merge is one pull request in the words of one judge.
The threshold is chosen on the other projects only: the best F1 + jF1 among those that keep the
goals for precision and lost issues there. Figures are pairwise over labelled findings; ``jF1``
counts merges with judged negatives as false too. Intervals come from drawing pull requests anew.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from bot.findings.likeness import THRESHOLD
from bot.findings.merge import merge
from bot.models import Diff, Finding, Severity

Row = dict[str, Any]

GOALS = {"P": 0.95, "F1": 0.88, "jF1": 0.84}
LIMITS = {"comments/issue": 1.3, "lost": 0.03}
THRESHOLDS = (0.08, 0.10, 0.12, 0.14, 0.16, 0.18)
PANEL, PANELS = 4, 8
DRAWS = 1000


@dataclass
class Counts:
    """What merging came to in some groups; they can be added."""

    good: int = 0
    bad: int = 0
    missed: int = 0
    judged: int = 0
    lost: int = 0
    issues: int = 0
    split: list[int] = field(default_factory=list)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            good=self.good + other.good,
            bad=self.bad + other.bad,
            missed=self.missed + other.missed,
            judged=self.judged + other.judged,
            lost=self.lost + other.lost,
            issues=self.issues + other.issues,
            split=self.split + other.split,
        )

    def figures(self) -> dict[str, float]:
        recall = self.good / max(1, self.good + self.missed)
        precision = self.good / max(1, self.good + self.bad)
        strict = self.good / max(1, self.good + self.bad + self.judged)
        return {
            "P": precision,
            "R": recall,
            "F1": _f1(precision, recall),
            "jF1": _f1(strict, recall),
            "comments/issue": statistics.mean(self.split) if self.split else 0.0,
            "lost": self.lost / max(1, self.issues),
        }


ByPull = dict[str, Counts]
"""Pull request -> its counts, all panels and views together."""


def report(rows: Sequence[Row]) -> bool:
    """Print the table; whether every goal is reached."""
    projects = sorted({row["project"] for row in rows})
    scores = {
        project: {
            threshold: scored([row for row in rows if row["project"] == project], threshold)
            for threshold in THRESHOLDS
        }
        for project in projects
    }
    held_out: ByPull = {}
    for project in projects:
        others = [scores[other] for other in projects if other != project]
        threshold = chosen(others)
        found = scores[project][threshold]
        held_out |= found
        _line(f"{project} held out, threshold {threshold:.2f}", total(found.values()).figures())
    whole = total(held_out.values()).figures()
    _line("all held out together", whole)
    low, high = interval(held_out)
    for name in whole:
        print(f"  95 % of draws of pull requests: {name:15} {low[name]:.3f} to {high[name]:.3f}")
    shipped = total(c for project in projects for c in scores[project][THRESHOLD].values())
    _line(f"as shipped, threshold {THRESHOLD:.2f}", shipped.figures())
    return all([_goals(whole), _chosen_everywhere(scores)])


def chosen(scores: Iterable[dict[float, ByPull]]) -> float:
    """The threshold that does best there."""
    every = list(scores)
    figures = {
        t: total(c for project in every for c in project[t].values()).figures() for t in THRESHOLDS
    }
    safe = [t for t in THRESHOLDS if figures[t]["P"] >= GOALS["P"]]
    safe = [t for t in safe if figures[t]["lost"] <= LIMITS["lost"]] or [max(THRESHOLDS)]
    return max(safe, key=lambda t: (figures[t]["F1"] + figures[t]["jF1"], t))


def _chosen_everywhere(scores: dict[str, dict[float, ByPull]]) -> bool:
    """What is shipped is what the same choice says on all projects together, or its neighbour."""
    best = chosen(scores.values())
    near = abs(THRESHOLDS.index(best) - THRESHOLDS.index(THRESHOLD)) <= 1
    print(f"chosen on all projects: {best:.2f}; shipped {THRESHOLD:.2f}: {_word(near)}")
    return near


def _goals(figures: dict[str, float]) -> bool:
    kept = True
    for name, goal in GOALS.items():
        kept &= figures[name] >= goal
        print(f"{name} {figures[name]:.3f}, at least {goal}: {_word(figures[name] >= goal)}")
    for name, limit in LIMITS.items():
        kept &= figures[name] <= limit
        print(f"{name} {figures[name]:.3f}, at most {limit}: {_word(figures[name] <= limit)}")
    return kept


def _word(kept: bool) -> str:
    return "yes" if kept else "NO"


def _line(name: str, figures: dict[str, float]) -> None:
    print(f"{name:40} " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()))


def interval(found: ByPull) -> tuple[dict[str, float], dict[str, float]]:
    """The 2.5 and 97.5 percentiles over pull requests drawn with replacement."""
    rnd = random.Random(3)  # noqa: S311  # the same draws every time
    pulls = sorted(found)
    draws = [
        total(found[name] for name in rnd.choices(pulls, k=len(pulls))).figures()
        for _ in range(DRAWS)
    ]
    cut = [
        {name: sorted(draw[name] for draw in draws)[int(place * DRAWS)] for name in draws[0]}
        for place in (0.025, 0.975)
    ]
    return cut[0], cut[1]


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


# ------------------------------------------------------------------------------------- one group


def scored(rows: list[Row], threshold: float) -> ByPull:
    by_pull: ByPull = defaultdict(Counts)
    for group in panels(rows):
        by_pull[group[0]["pr"]] += count(group, threshold)
    return dict(by_pull)


def panels(rows: list[Row]) -> list[list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["pr"], row["view"]].append(row)
    rnd = random.Random(1)  # noqa: S311  # the same panels every time
    tools = sorted({row["tool"] for row in rows})
    drawn = [set(rnd.sample(tools, PANEL)) for _ in range(PANELS)]
    made = [
        [row for row in group if row["tool"] in panel]
        for panel in drawn
        for _key, group in sorted(groups.items())
    ]
    return [group for group in made if group]


def grouped(rows: list[Row], threshold: float) -> list[int]:
    """The cluster of each row: what `merge` makes of them without any place."""
    keyed = [
        Finding(agent=row["tool"], severity=Severity.MAJOR, file="", description=row["text"])
        for row in rows
    ]
    nowhere = Diff(base_sha="", head_sha="")
    issues = merge(keyed, diff=nowhere, lines={}, threshold=threshold)
    cluster = {source: n for n, issue in enumerate(issues) for source in issue.sources}
    return [cluster[finding] for finding in keyed]


def count(rows: list[Row], threshold: float) -> Counts:
    made, cluster = Counts(), grouped(rows, threshold)
    labelled = [n for n, row in enumerate(rows) if row["status"] == "labelled"]
    for i, j in combinations(labelled, 2):
        one, same = cluster[i] == cluster[j], rows[i]["label"] == rows[j]["label"]
        made.good += one and same
        made.bad += one and not same
        made.missed += same and not one
    made.judged = sum(
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
    made.issues = len(places)
    made.lost = sum(label not in main for label in places)
    made.split = [len(set(found)) for found in places.values() if len(found) > 1]
    return made


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(1e-9, precision + recall)
