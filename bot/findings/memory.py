"""What a repository taught: issues like those that people dismissed are believed less. Pure.

A lesson counts half after `HALF_LIFE` days, and less the farther its file lies from the issue's. It
lowers a confidence, says so, and hides nothing: a look-alike may be the one that matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from bot.findings.similarity import cosine, vectors
from bot.models import Issue, IssueState, Lesson, LessonKind

HALF_LIFE = 90.0
"""Days."""
ALIKE = 0.3
"""Text similarity from which an issue is a look-alike."""
DISBELIEF = 0.5
"""Of its confidence, an issue loses at most this much to one lesson, that of today in its file."""
FORGOTTEN = 0.05
"""A lesson that counts less is not looked at any more."""
SAME_FOLDER, ELSEWHERE = 0.8, 0.5
MAX_LESSONS = 500
"""The newest ones of a repository; with the decay, more would change nothing."""


def remember(
    issues: Sequence[Issue], lessons: Sequence[Lesson], now: datetime
) -> tuple[Issue, ...]:
    """The issues in their order; new ones that look like dismissed ones are believed less."""
    dismissed = [item for item in lessons if item.kind is LessonKind.DISMISSED]
    if not dismissed:
        return tuple(issues)
    texts = vectors([_words(i.title, i.description) for i in issues] + [d.text for d in dismissed])
    return tuple(
        _doubted(issue, texts[n], dismissed, texts[len(issues) :], now)
        if issue.state is IssueState.NEW
        else issue
        for n, issue in enumerate(issues)
    )


def _doubted(
    issue: Issue,
    text: Mapping[str, float],
    lessons: Sequence[Lesson],
    texts: Sequence[Mapping[str, float]],
    now: datetime,
) -> Issue:
    # Agreement against agreement: what was accepted as often as dismissed says nothing.
    best: tuple[float, Lesson] | None = None
    for lesson, other in zip(lessons, texts, strict=True):
        alike = cosine(text, other)
        weight = counts(lesson, now) * nearness(issue.file, lesson.path)
        if alike < ALIKE or weight < FORGOTTEN:
            continue
        if best is None or (weight, lesson.at, lesson.issue) > (best[0], best[1].at, best[1].issue):
            best = weight, lesson
    if best is None:
        return issue
    weight, lesson = best
    lower = None
    if issue.confidence is not None:
        lower = round(issue.confidence * (1 - DISBELIEF * weight), 2)
    return replace(issue, confidence=lower, notes=(*issue.notes, _note(lesson)))


def _note(lesson: Lesson) -> str:
    where = f" in #{lesson.number}" if lesson.number else ""
    why = f": {lesson.reason}" if lesson.reason else ""
    return f"it looks like {lesson.issue or 'one'}{where}, which {lesson.by} dismissed{why}"


def counts(lesson: Lesson, now: datetime) -> float:
    """1 today, a half after `HALF_LIFE` days; one from the future counts as of today."""
    days = max(0.0, (now - lesson.at).total_seconds() / 86_400)
    return float(math.pow(0.5, days / HALF_LIFE))


def nearness(path: str, other: str) -> float:
    """1 in the same file (or for a lesson about none), less in the same folder and elsewhere."""
    if not other or path == other:
        return 1.0
    same = PurePosixPath(path).parent == PurePosixPath(other).parent
    return SAME_FOLDER if same else ELSEWHERE


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """How often something was accepted and dismissed, with decay."""

    text: str
    accepted: float
    dismissed: float

    @property
    def worth(self) -> float:
        """From -1 to 1; little evidence is little worth."""
        return (self.accepted - self.dismissed) / (self.accepted + self.dismissed + 1)


def common(lessons: Sequence[Lesson], now: datetime, limit: int) -> tuple[Habit, ...]:
    """What comes up most here, by category, as people took it; the same lessons, the same order."""
    sums: dict[str, list[float]] = {}
    for lesson in lessons:
        if lesson.kind is LessonKind.PROMPT or not lesson.category:
            continue
        both = sums.setdefault(lesson.category, [0.0, 0.0])
        both[lesson.kind is LessonKind.DISMISSED] += counts(lesson, now)
    habits = [Habit(text=text, accepted=a, dismissed=d) for text, (a, d) in sums.items()]
    return tuple(sorted(habits, key=lambda h: (-(h.accepted + h.dismissed), h.text)))[:limit]


def best_prompt(lessons: Sequence[Lesson], now: datetime, category: str = "") -> str:
    """The words to an agent after which people accepted most; empty without evidence for any."""
    sums: dict[str, float] = {}
    for lesson in lessons:
        if lesson.kind is LessonKind.PROMPT and category in ("", lesson.category):
            sums[lesson.text] = sums.get(lesson.text, 0.0) + counts(lesson, now)
    good = [(worth, text) for text, worth in sums.items() if worth >= 1.0]
    return min(good, key=lambda item: (-item[0], item[1]))[1] if good else ""


def digest(
    lessons: Sequence[Lesson],
    now: datetime,
    paths: Sequence[str],
    *,
    limit: int,
    count: Callable[[str], int] = len,
) -> str:
    """What to tell a reviewer of ``paths``, in whole lines that ``count`` no more than ``limit``.

    The same lessons give the same text in whatever order they come.
    """
    near = sorted(
        (lesson for lesson in lessons if lesson.kind is not LessonKind.PROMPT),
        key=lambda item: (-_value(item, now, paths), item.kind, item.path, item.text, item.issue),
    )
    taken: list[str] = []
    for lesson in near:
        if _value(lesson, now, paths) < FORGOTTEN:
            break
        line = _line(lesson)
        limit -= count(f"{line}\n")
        if limit < 0:
            break
        taken.append(line)
    return "\n".join(taken)


def _value(lesson: Lesson, now: datetime, paths: Sequence[str]) -> float:
    closest = max((nearness(path, lesson.path) for path in paths), default=ELSEWHERE)
    return round(counts(lesson, now) * closest, 6)


def _line(lesson: Lesson) -> str:
    title = lesson.text.split("\n", 1)[0][:160]
    where = f" in {lesson.path}" if lesson.path else ""
    why = f" ({lesson.reason[:160]})" if lesson.reason else ""
    word = "dismissed" if lesson.kind is LessonKind.DISMISSED else "fixed"
    return f"- {word}{where}: {title}{why}"


def lesson_text(issue: Issue) -> str:
    """What is remembered of an issue: its title, then its words."""
    return _words(issue.title, issue.description)[:2_000]


def _words(title: str, description: str) -> str:
    return f"{title}\n{description}"
