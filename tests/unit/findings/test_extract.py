"""Finding the answer when looking becomes expensive."""

from __future__ import annotations

import json

import pytest

from bot.findings import extract
from bot.findings.extract import last_object


def answer(value):
    return "issues" in value


@pytest.fixture
def poor(monkeypatch):
    """As if the text in front had used up the budget: it lasts for a few attempts only."""
    monkeypatch.setattr(extract, "_FACTOR", 0)
    monkeypatch.setattr(extract, "_FLOOR", 300)


@pytest.mark.usefixtures("poor")
class TestFromTheBack:
    def test_the_answer_at_the_end_is_found(self):
        text = '{"a" ' * 200 + '{"issues": [1]} } { and {words'
        assert last_object(text, answer) == {"issues": [1]}

    def test_a_text_that_is_expensive_at_both_ends_has_no_answer(self):
        text = '{"a" ' * 200 + '{"issues": [1]}' + '{"a" ' * 200
        assert last_object(text, answer) is None

    def test_what_was_found_on_the_way_from_the_front_stays(self):
        assert last_object('{"issues": [1]}' + '{"a" ' * 200, answer) == {"issues": [1]}


def test_an_object_longer_than_the_first_window():
    text = '{"a": "' + "x" * 5000 + '", "issues": [' + "1, " * 900 + "true]}"
    found = last_object(text, answer)
    assert found is not None
    assert len(found["issues"]) == 901


def test_words_behind_the_answer_that_look_like_another_hide_nothing():
    assert last_object('{"issues": [1]} and {"issues": [', answer) == {"issues": [1]}
    assert last_object('{"issues": [1]} {"other": 2}', answer) == {"issues": [1]}
    assert last_object('{"issues": [1]} {"issues": [2]}', answer) == {"issues": [2]}


def test_an_outer_object_counts_and_not_its_parts():
    text = 'so: {"issues": [{"issues": []}]}'
    assert last_object(text, answer) == {"issues": [{"issues": []}]}


def test_numbers_of_thousands_of_digits_are_read():
    assert last_object('{"issues": ' + "9" * 39 + "}", answer) == {"issues": int("9" * 39)}
    found = last_object('{"issues": ' + "9" * 5_000 + "}", answer)
    assert found == {"issues": float("inf")}


@pytest.mark.parametrize("length", range(490, 530))
def test_an_object_that_ends_about_where_the_first_window_does(length):
    for value in ("x" * length, [1] * (length // 3), {"a": "x" * length, "b": True}):
        text = json.dumps({"issues": value})
        assert last_object(f"{text} and words", answer) == {"issues": value}
