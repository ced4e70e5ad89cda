"""What people dismissed lowers the confidence of look-alikes, says so, and fades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.memory import (
    HALF_LIFE,
    best_prompt,
    common,
    counts,
    digest,
    lesson_text,
    nearness,
    remember,
)
from bot.models import IssueState, Lesson, LessonKind
from tests.fakes.nouns import issue

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SEEN = issue("h-OLD2", confidence=0.8)


def lesson(days: float = 0, kind: LessonKind = LessonKind.DISMISSED, **more: object) -> Lesson:
    values: dict[str, object] = {
        "kind": kind,
        "text": lesson_text(SEEN),
        "at": NOW - timedelta(days=days),
        "path": "app.py",
        "reason": "only trusted callers",
        "by": "@mo",
        "number": 12,
        "issue": "h-OLD2",
    }
    return Lesson(**{**values, **more})  # type: ignore[arg-type]  # of the fields above


def believed(*lessons: Lesson, **more: object) -> tuple[float | None, tuple[str, ...]]:
    (found,) = remember([issue(confidence=0.8, **more)], lessons, NOW)
    return found.confidence, found.notes


def test_a_look_alike_of_what_was_dismissed_is_believed_less_and_says_so() -> None:
    assert believed(lesson()) == (
        0.4,
        ("it looks like h-OLD2 in #12, which @mo dismissed: only trusted callers",),
    )


@pytest.mark.parametrize(
    ("days", "path", "confidence"),
    [
        (0, "app.py", 0.4),
        (HALF_LIFE, "app.py", 0.6),
        (0, "other.py", 0.48),
        (0, "far/away.py", 0.6),
        (10 * HALF_LIFE, "app.py", 0.8),
    ],
)
def test_time_and_distance_weaken_it(days: float, path: str, confidence: float) -> None:
    assert believed(lesson(days, path=path))[0] == confidence


def test_other_words_other_states_and_accepted_ones_are_not_doubted() -> None:
    unlike = lesson(text="the connection pool leaks sockets\nwhen a commit fails")
    assert believed(unlike) == (0.8, ())
    assert believed(lesson(kind=LessonKind.ACCEPTED)) == (0.8, ())
    assert believed(lesson(), state=IssueState.PERSISTENT) == (0.8, ())


def test_the_lesson_that_counts_most_is_named() -> None:
    old, new = lesson(200, issue="h-A"), lesson(1, issue="h-B", by="@jo", reason="")
    for lessons in ((old, new), (new, old)):
        assert believed(*lessons)[1] == ("it looks like h-B in #12, which @jo dismissed",)


def test_no_confidence_stays_none() -> None:
    (found,) = remember([issue(confidence=None)], [lesson()], NOW)
    assert found.confidence is None
    assert found.notes


def test_a_clock_that_went_back_makes_nothing_stronger() -> None:
    assert counts(lesson(-5), NOW) == 1.0
    assert nearness("a/b.py", "") == 1.0


def test_what_comes_up_most_is_told_with_how_people_took_it() -> None:
    lessons = [
        lesson(category="tests", kind=LessonKind.PROMPT, issue="h-6"),
        lesson(category="security"),
        lesson(category="security", kind=LessonKind.ACCEPTED),
        lesson(category="docs", issue="h-3"),
        lesson(category="tests", kind=LessonKind.PROMPT, issue="h-4"),
        lesson(issue="h-5"),
    ]
    found = common(lessons, NOW, 5)
    assert [(h.text, h.accepted, h.dismissed) for h in found] == [
        ("security", 1.0, 1.0),
        ("docs", 0.0, 1.0),
    ]
    assert [h.worth for h in found] == [0.0, -0.5]
    assert len(common(lessons, NOW, 1)) == 1


def test_the_best_prompt_has_evidence_or_there_is_none() -> None:
    def said(text: str, days: float, category: str = "security") -> Lesson:
        return lesson(days, kind=LessonKind.PROMPT, text=text, category=category)

    assert best_prompt([said("Look at money.", HALF_LIFE)], NOW) == ""
    assert best_prompt([said("Look at money.", 0)], NOW) == "Look at money."
    lessons = [said("Look at money.", 0), said("Look at locks.", 0), said("Look at locks.", 0)]
    assert best_prompt(lessons, NOW) == "Look at locks."
    assert best_prompt(lessons, NOW, "security") == "Look at locks."
    assert best_prompt(lessons, NOW, "docs") == ""


def test_a_lesson_of_a_nested_file_is_told_to_who_reads_it() -> None:
    near, far = lesson(path="a/b/c.py", issue="h-A"), lesson(path="z.py", issue="h-B")
    text = digest([far, near], NOW, ["a/b/c.py"], limit=10_000)
    title = SEEN.title
    assert text.splitlines() == [
        f"- dismissed in a/b/c.py: {title} (only trusted callers)",
        f"- dismissed in z.py: {title} (only trusted callers)",
    ]


lessons = st.lists(
    st.builds(
        Lesson,
        kind=st.sampled_from(LessonKind),
        text=st.text(max_size=40),
        at=st.floats(0, 400).map(lambda days: NOW - timedelta(days=days)),
        path=st.sampled_from(["app.py", "lib/a.py", ""]),
        issue=st.text("ABC", max_size=3),
    ),
    max_size=12,
)


@given(lessons, st.randoms(use_true_random=False), st.integers(0, 400))
def test_the_same_lessons_give_the_same_bytes_within_the_limit(
    found: list[Lesson], random: object, limit: int
) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's own random
    text = digest(found, NOW, ["app.py"], limit=limit)
    assert digest(mixed, NOW, ["app.py"], limit=limit) == text
    assert len(text) <= max(0, limit)
    assert common(found, NOW, 9) == common(mixed, NOW, 9)


@given(lessons)
def test_memory_hides_nothing_and_never_raises_a_confidence(found: list[Lesson]) -> None:
    issues = [issue(confidence=0.8), replace(SEEN, state=IssueState.PERSISTENT)]
    after = remember(issues, found, NOW)
    assert [i.id for i in after] == [i.id for i in issues]
    assert all(
        (a.confidence or 0) <= (b.confidence or 0) for a, b in zip(after, issues, strict=True)
    )


def test_a_note_says_only_what_is_known() -> None:
    bare = lesson(issue="", number=0, reason="", by="@jo")
    assert believed(bare)[1] == ("it looks like one, which @jo dismissed",)


def test_a_note_is_put_behind_those_that_there_are() -> None:
    (found,) = remember([issue(confidence=0.8, notes=("first",))], [lesson()], NOW)
    assert found.notes[0] == "first"
    assert len(found.notes) == 2


def test_a_fixed_issue_is_told_as_one_and_long_words_are_cut() -> None:
    fixed = lesson(kind=LessonKind.ACCEPTED, text="t" * 200 + "\nmore", reason="", path="")
    assert digest([fixed], NOW, ["app.py"], limit=1_000) == f"- fixed: {'t' * 160}"
    told = digest([lesson(text="t", reason="r" * 200)], NOW, ["app.py"], limit=1_000)
    assert told == f"- dismissed in app.py: t ({'r' * 160})"


def test_what_is_forgotten_and_what_was_a_prompt_is_not_told() -> None:
    old, prompt = lesson(10 * HALF_LIFE), lesson(kind=LessonKind.PROMPT)
    assert digest([old, prompt], NOW, ["app.py"], limit=1_000) == ""


def test_of_a_long_text_the_first_line_is_told_and_without_paths_all_are_far() -> None:
    text = digest([lesson(text="title\nfirst\nsecond", reason="")], NOW, [], limit=1_000)
    assert text == "- dismissed in app.py: title"


def test_only_whole_lines_are_told_and_the_last_may_end_at_the_limit() -> None:
    first, second = lesson(text="one", reason=""), lesson(1, text="two", reason="")
    line = "- dismissed in app.py: one"
    assert digest([second, first], NOW, ["app.py"], limit=2 * len(line) + 1) == line
    both = f"{line}\n- dismissed in app.py: two"
    assert digest([second, first], NOW, ["app.py"], limit=len(both) + 1) == both


def test_what_is_remembered_of_an_issue_is_its_title_then_its_words() -> None:
    assert lesson_text(issue(title="t", description="d")) == "t\nd"
    assert len(lesson_text(issue(title="t", description="d" * 9_000))) == 2_000
