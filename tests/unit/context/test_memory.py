"""What a repository taught, in at most 2,000 tokens and always in the same bytes."""

import random
from datetime import UTC, datetime, timedelta

from bot.context.memory import MEMORY_TOKENS, told_memory
from bot.context.tokens import estimate
from bot.models import Lesson, LessonKind

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def lesson(n=0, kind=LessonKind.DISMISSED, **more):
    values = {
        "text": f"use of eval number {n}", "path": f"src/a{n}.py", "category": "security",
        "reason": "it is a REPL", "issue": f"h-{n}", "number": n, **more,
    }  # fmt: skip
    return Lesson(kind=kind, at=NOW - timedelta(days=n % 60), **values)


def test_what_people_dismissed_and_fixed_is_told_with_its_reason():
    told = told_memory(
        [lesson(1), lesson(2, LessonKind.ACCEPTED, text="off by one", reason="")],
        ["src/a1.py"],
        NOW,
    )
    assert "- dismissed in src/a1.py: use of eval number 1 (it is a REPL)" in told
    assert "- fixed in src/a2.py: off by one" in told
    assert "- reports about security: 1 fixed, 1 dismissed lately" in told


def test_the_words_that_served_best_are_told_only_with_evidence():
    good = [lesson(n, LessonKind.PROMPT, text="Mind\nthe locks.", by="reader") for n in range(3)]
    assert "words to a reviewer that served well here: Mind the locks." in told_memory(
        good, [], NOW
    )
    old = [Lesson(kind=LessonKind.PROMPT, text="Mind the locks.", at=NOW - timedelta(days=200))]
    assert told_memory(old, [], NOW) == ""


def test_two_thousand_lessons_are_two_thousand_tokens_in_whole_lines():
    many = [lesson(n, text="a long story about a thing " * 9) for n in range(2_000)]
    told = told_memory(many, ["src/a1.py"], NOW)
    assert MEMORY_TOKENS * 0.9 < estimate(told) <= MEMORY_TOKENS
    assert all(line.startswith("- ") for line in told.split("\n"))


def test_the_same_lessons_on_the_same_day_are_the_same_bytes():
    lessons = [lesson(n, random.Random(n).choice(list(LessonKind))) for n in range(60)]  # noqa: S311
    told = told_memory(lessons, ["src/a1.py", "b.py"], NOW)
    for seed in range(5):
        random.Random(seed).shuffle(lessons)  # noqa: S311
        assert told_memory(lessons, ["b.py", "src/a1.py"], NOW + timedelta(hours=seed)) == told


def test_nothing_learnt_is_nothing_told():
    assert told_memory([], ["a.py"], NOW) == ""
