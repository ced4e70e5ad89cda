"""Merges what several agents said into issues: one for each problem, every agent's words kept.

The result depends on the set of findings only, never on their order. Confidence of an issue is
``1 - product over its agents of (1 - c)``, where ``c`` is the agent's highest confidence in it, or
`UNSAID` where it gave none, at most `MOST`: two agents at 0.5 make 0.75.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from bot.findings.anchor import anchor, changed_file, covers
from bot.findings.cluster import average_linkage
from bot.findings.likeness import NEVER, THRESHOLD, likeness
from bot.findings.naming import named
from bot.findings.similarity import SAME_TERMS, all_pairs, reordered, vectors
from bot.models import Anchor, Diff, Finding, Issue, Placement, Side

UNSAID = 0.5
MOST = 0.99
MAX_TITLE = 70
MAX_CODE_LINES = 10
POOL = 800
"""More findings than this are compared file by file, so that time stays bounded."""

_PLACES = list(Placement)


def merge(
    findings: Sequence[Finding],
    *,
    diff: Diff,
    lines: Mapping[str, Sequence[str]],
    threshold: float = THRESHOLD,
) -> tuple[Issue, ...]:
    """One issue for each problem, worst first. ``lines``: text lines of the head, by path.

    ``threshold``: the likeness at which two findings are one; only measurements give another.
    """
    pool = sorted(set(findings), key=_canonical)
    issues = [
        _issue([part[n] for n in group], diff, lines)
        for part in _parts(pool)
        for group in _groups(part, threshold)
    ]
    return tuple(sorted(named(issues), key=worst_first))


def worst_first(issue: Issue) -> tuple[int, int, str, int, str]:
    """Severity, then where it can be shown, then the place."""
    place = _PLACES.index(issue.anchor.placement)
    return issue.severity.rank, place, issue.file, issue.line or 0, issue.id


def _canonical(finding: Finding) -> tuple[object, ...]:
    return (
        finding.file, finding.line or 0, finding.end_line or 0, finding.side, finding.agent,
        finding.rule, finding.title, finding.description, finding.severity.rank,
        finding.suggestion, finding.replacement is not None, finding.replacement or "",
        finding.category, finding.confidence is not None, finding.confidence or 0.0,
    )  # fmt: skip


def _parts(pool: list[Finding]) -> Iterator[list[Finding]]:
    if len(pool) <= POOL:
        yield pool
        return
    for _file, group in groupby(pool, key=lambda finding: finding.file):
        part = list(group)
        for start in range(0, len(part), POOL):
            yield part[start : start + POOL]


def _groups(pool: Sequence[Finding], threshold: float) -> list[tuple[int, ...]]:
    words = [_words(finding) for finding in pool]
    similar = all_pairs(vectors(words))

    def score(i: int, j: int) -> float:
        text = similar[i].get(j, 0.0)
        if text >= SAME_TERMS and reordered(words[i], words[j]):
            text = 0.0
        return likeness(pool[i], pool[j], text)

    return average_linkage(len(pool), score, threshold, never=NEVER)


def _words(finding: Finding) -> str:
    return f"{finding.title}\n{finding.description}"


def _issue(sources: Sequence[Finding], diff: Diff, lines: Mapping[str, Sequence[str]]) -> Issue:
    places = {source: _anchor(source, diff) for source in sources}
    shown = max(sources, key=_clarity)
    spot = _spot(sources, places, shown)
    place = places[spot]
    code = _code(spot, place, diff, lines)
    fits = spot.replacement is not None and covers(place, spot.line, spot.end_line, spot.side)
    category = shown.category or next((s.category for s in sources if s.category), "")
    return Issue(
        id="",
        severity=min((s.severity for s in sources), key=lambda s: s.rank),
        title=_title(shown),
        description=shown.description,
        file=place.path,
        anchor=place,
        sources=tuple(sources),
        line=spot.line,
        end_line=spot.end_line,
        side=place.side,
        suggestion=shown.suggestion or next((s.suggestion for s in sources if s.suggestion), ""),
        replacement=spot.replacement if fits and spot.replacement != code else None,
        category=category,
        confidence=_confidence(sources),
        code=code,
    )


def _anchor(source: Finding, diff: Diff) -> Anchor:
    return anchor(source.file, source.line, source.end_line, source.side, diff)


def _clarity(finding: Finding) -> tuple[bool, bool, float, int, bool, tuple[object, ...]]:
    """The clearest text: a person's sentence over a rule's template, with a title, not too long."""
    words = len(finding.description.split())
    length = -abs(math.log((words + 1) / 40))
    return (
        not finding.rule,
        bool(finding.title) and finding.title != finding.description,
        round(length),
        -finding.severity.rank,
        bool(finding.suggestion or finding.replacement),
        _canonical(finding),
    )


def _spot(sources: Sequence[Finding], places: Mapping[Finding, Anchor], shown: Finding) -> Finding:
    """The source whose lines are taken: the best placed, with a fitting fix, named most often."""
    named_by = Counter((s.file, s.line) for s in sources)

    def worth(source: Finding) -> tuple[int, bool, int, bool, int, tuple[object, ...]]:
        place = places[source]
        fix = source.replacement is not None and covers(
            place, source.line, source.end_line, source.side
        )
        height = (source.end_line or source.line or 0) - (source.line or 0)
        return (
            -_PLACES.index(place.placement),
            fix,
            named_by[source.file, source.line],
            source == shown,
            -height,
            _canonical(source),
        )

    return max(sources, key=worth)


def _title(finding: Finding) -> str:
    """The agent's title, else the first sentence, in at most `MAX_TITLE` characters."""
    text = " ".join((finding.title or finding.description).split())
    if not finding.title:
        text = text.split(". ")[0].rstrip(".")
    if len(text) <= MAX_TITLE:
        return text
    cut = text[: MAX_TITLE - 1].rsplit(" ", 1)[0].rstrip(",;:")
    return f"{cut}…"


def _confidence(sources: Sequence[Finding]) -> float:
    best: dict[str, float] = {}
    for source in sources:
        said = UNSAID if source.confidence is None else source.confidence
        best[source.agent] = max(best.get(source.agent, 0.0), said)
    doubt = math.prod(1 - best[agent] for agent in sorted(best))
    return round(min(MOST, 1 - doubt), 2)


def _code(spot: Finding, place: Anchor, diff: Diff, lines: Mapping[str, Sequence[str]]) -> str:
    """The text of its lines: of the head from ``lines``, of the base from the diff."""
    if spot.line is None:
        return ""
    end = spot.end_line if spot.end_line is not None else spot.line
    end = min(end, spot.line + MAX_CODE_LINES - 1)
    if place.side is Side.RIGHT:
        return "\n".join(lines.get(spot.file, ())[spot.line - 1 : end])
    changed = changed_file(diff, place.path)
    removed = (
        line[1:]
        for hunk in (changed.hunks if changed is not None else ())
        for old, _new, line in hunk.numbered()
        if old is not None and spot.line <= old <= end
    )
    return "\n".join(removed)
