"""What a repository taught, as a reviewer is told it: at most `MEMORY_TOKENS`, whole lines. Pure.

The same lessons on the same day give the same bytes, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.context.tokens import Count, estimate
from bot.findings.memory import best_prompt, common, digest
from bot.models import Lesson

MEMORY_TOKENS = 2_000
MAX_HABITS = 5
LEAST = 1.0
"""Of weight; what came up less is nothing to speak of."""


def told_memory(
    lessons: Sequence[Lesson],
    paths: Sequence[str],
    now: datetime,
    *,
    limit: int = MEMORY_TOKENS,
    count: Count = estimate,
) -> str:
    """Empty where nothing was learnt. Lines are others' words: whoever shows them fences them."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    head = [*_habits(lessons, day), *_prompt(lessons, day)]
    lines = []
    for line in head:
        cost = count(f"{line}\n")
        if cost <= limit // 2:
            lines.append(line)
            limit -= cost
    rows = digest(lessons, day, sorted(set(paths)), limit=limit, count=count)
    return "\n".join([*lines, *([rows] if rows else [])])


def _habits(lessons: Sequence[Lesson], now: datetime) -> list[str]:
    habits = [h for h in common(lessons, now, MAX_HABITS) if h.accepted + h.dismissed >= LEAST]
    return [
        f"- reports about {habit.text}: {round(habit.accepted)} fixed, {round(habit.dismissed)}"
        " dismissed lately"
        for habit in habits
    ]


def _prompt(lessons: Sequence[Lesson], now: datetime) -> list[str]:
    """Words that worked for one reviewer here may help another."""
    best = " ".join(best_prompt(lessons, now).split())
    return [f"- words to a reviewer that served well here: {best}"] if best else []
