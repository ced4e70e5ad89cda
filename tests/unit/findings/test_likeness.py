"""Whether two findings are about the same problem."""

from __future__ import annotations

import pytest

from bot.findings.likeness import (
    FAR,
    FAR_MALUS,
    FULL_BONUS_AT,
    NEAR,
    NEAR_BONUS,
    NEVER,
    OTHER_FILE_MALUS,
    SAME_AGENT,
    SAME_CHECK,
    SAME_LINE_BONUS,
    SAME_WORDS,
    UNLIKE_RULES,
    distance,
    likeness,
)
from bot.models import Side
from tests.fakes.nouns import finding

TEXT = FULL_BONUS_AT


def two(line, other, *, text=TEXT, **more):
    return likeness(finding("claude", line), finding("codex", other, **more), text)


@pytest.mark.parametrize(
    ("gap", "lean"),
    [
        (0, SAME_LINE_BONUS),
        (1, NEAR_BONUS),
        (NEAR, NEAR_BONUS),
        (NEAR + 1, 0.0),
        (FAR, 0.0),
        (FAR + 1, -FAR_MALUS),
    ],
)
def test_places_of_two_agents_lean_by_their_distance(gap, lean):
    assert two(50, 50 + gap) == pytest.approx(TEXT + lean)
    assert two(50 + gap, 50) == pytest.approx(TEXT + lean)


def test_another_file_speaks_against_and_no_line_for_nothing():
    assert two(5, 5, file="b.py") == pytest.approx(TEXT - OTHER_FILE_MALUS)
    assert two(5, None) == pytest.approx(TEXT)
    assert two(5, 5, side=Side.LEFT) == pytest.approx(TEXT)


def test_on_one_line_two_problems_in_other_words_stay_two():
    assert two(5, 5, text=0.0) == 0.0
    assert two(5, 5, text=TEXT / 2) == pytest.approx(TEXT / 2 + SAME_LINE_BONUS / 2)
    assert two(5, 5, text=0.9) == pytest.approx(0.9 + SAME_LINE_BONUS)


def test_the_line_of_an_analyzer_is_the_line():
    assert two(5, 5, rule="S307") == pytest.approx(TEXT + SAME_LINE_BONUS)
    assert two(5, 6, rule="S307") == pytest.approx(TEXT - FAR_MALUS)


class TestOneAgent:
    def own(self, line, other, text=0.9, **more):
        return likeness(finding("ruff", line), finding("ruff", other, **more), text)

    def test_says_one_thing_seldom_twice(self):
        assert self.own(5, 5) == pytest.approx(0.9 - SAME_AGENT)
        assert self.own(5, None) == pytest.approx(0.9 - SAME_AGENT)

    def test_never_means_the_same_by_another_place_or_rule(self):
        assert self.own(5, 6) == NEVER
        assert self.own(5, 5, file="b.py") == NEVER
        assert self.own(5, 5, rule="S307") == NEVER


class TestTwoAnalyzers:
    def both(self, one="S307", other="B307", text=0.1, line=5):
        first = finding("ruff", 5, rule=one)
        return likeness(first, finding("bandit", line, rule=other), text)

    def test_with_one_number_behind_their_letters_mean_one_check(self):
        assert self.both() == SAME_CHECK
        assert self.both(text=0.8) == 0.8
        assert self.both("eqeqeq", "eqeqeq") == SAME_CHECK

    def test_with_one_number_but_no_word_in_common_do_not(self):
        assert self.both(text=0.0) == -UNLIKE_RULES

    def test_with_other_numbers_need_nearly_the_same_words(self):
        assert self.both(other="B301", text=SAME_WORDS) == SAME_WORDS
        assert self.both(other="B301", text=0.49) == pytest.approx(0.49 - UNLIKE_RULES)
        assert self.both("xS307", "B307") == pytest.approx(0.1 - UNLIKE_RULES)
        assert self.both("S307", "xB307") == pytest.approx(0.1 - UNLIKE_RULES)

    def test_never_mean_the_same_on_other_lines(self):
        assert self.both(line=6) == NEVER


@pytest.mark.parametrize(
    ("one", "other", "lines"),
    [
        ((5, None), (5, None), 0),
        ((5, 9), (9, None), 0),
        ((5, 9), (10, None), 1),
        ((5, 9), (1, 3), 2),
        ((5, None), (1, 9), 0),
        ((1, 3), (5, 9), 2),
    ],
)
def test_lines_between_two_ranges(one, other, lines):
    first, second = (finding(line=a, end_line=b) for a, b in (one, other))
    assert distance(first, second) == lines
    assert distance(second, first) == lines


def test_no_distance_without_a_line_or_between_two_sides():
    assert distance(finding(line=5), finding()) is None
    assert distance(finding(), finding(line=5)) is None
    assert distance(finding(line=5), finding(line=5, side=Side.LEFT)) is None
