"""What the estimate of tokens is worth, on nine kinds of text whose true count is known."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.tokens import estimate

SAMPLES = Path(__file__).parents[2] / "samples" / "tokens"
TRUE = json.loads((SAMPLES / "cl100k.json").read_text("utf-8"))


def test_there_are_nine_kinds():
    assert len(TRUE) == 9


@pytest.mark.parametrize("kind", TRUE)
def test_the_estimate_is_at_most_a_tenth_too_low_and_a_quarter_too_high(kind):
    said = estimate((SAMPLES / f"{kind}.txt").read_text("utf-8"))
    assert 0.90 <= said / TRUE[kind] <= 1.25


@given(st.text(max_size=300))
def test_every_text_has_an_estimate_and_a_longer_one_no_smaller(text):
    assert estimate(text) >= (1 if text else 0)
    assert estimate(text + "\nmore words") > estimate(text)


@given(st.text(max_size=200), st.text(max_size=200))
def test_parts_cost_about_what_the_whole_costs(one, other):
    """The budget adds up parts; what joining them changes stays small and is checked anyway."""
    assert abs(estimate(f"{one}\n{other}") - estimate(one) - estimate(other)) <= 4
