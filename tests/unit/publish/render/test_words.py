"""Small pieces of messages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.models import Tokens, Total
from bot.publish.render import words
from bot.publish.render.review import review_body
from tests.fakes.nouns import HEAD, known, report


def test_plurals():
    assert words.plural(1, "file") == "1 file"
    assert words.plural(1200, "file") == "1,200 files"
    assert words.plural(2, "reply", "replies") == "2 replies"


def test_lists():
    assert [words.listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_durations(seconds, shown):
    assert words.duration(seconds) == shown


def test_agents_whose_cost_nobody_knows_make_a_sum_uncertain():
    assert str(words.total([])) == "$0.00"
    assert str(words.total([Decimal(1), Decimal("0.5")])) == "$1.50"
    assert str(words.total([Decimal(1), None])) == "at least $1.00"
    assert str(words.total([Decimal(0), None])) == "unknown"


def test_money_against_a_limit():
    spent = Total(known=Decimal("0.12"), calls=1)
    assert words.against(spent, Decimal(5)) == "$0.12 of $5.00"
    assert words.against(spent, None) == "$0.12"


def test_tokens():
    assert words.tokens(report(tokens=Tokens(input=1200, output=3))) == "1,200 / 3"
    assert words.tokens(report()) == "unknown"
    assert words.tokens(report(cost=Decimal(0))) == "–"


def test_places():
    assert words.place(known()) == "app.py:22"
    assert words.place(known(line=None)) == "app.py"
    assert words.place(known(file="x/" * 60 + "app.py")).startswith("…")
    assert len(words.place(known(file="x/" * 60 + "app.py"))) == 93


def test_empty_folds_and_tables_are_nothing():
    assert words.fold("t", "") == ""
    assert words.table(("a",), []) == ""


def test_above_a_review():
    assert review_body(1, HEAD).startswith("1 comment on a new issue in 9be0d13;")
    assert review_body(2, HEAD).startswith("2 comments on new issues in 9be0d13;")
