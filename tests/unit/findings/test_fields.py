"""Single values of an answer: what is understood, and what costs only itself."""

from __future__ import annotations

import math

import pytest

from bot.findings import fields
from bot.models import Severity, Side


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        (" Blocker ", Severity.CRITICAL),
        ("HIGH", Severity.MAJOR),
        ("medium", Severity.MINOR),
        ("odd", None),
        (3, None),
        (None, None),
    ],
)
def test_severities_of_other_tools(word, severity):
    assert fields.severity(word) is severity


def test_a_text_is_trimmed_and_cut_visibly():
    assert fields.text(" a\0b ", 9) == "ab"
    assert fields.text("x" * 9, 9) == "x" * 9
    assert fields.text("abc defghi", 4) == "abc … (6 characters left out)"
    assert fields.text(3, 9) == ""


def test_a_list_of_texts_or_one():
    assert fields.texts("one", count=2, limit=9) == ("one",)
    assert fields.texts(["one", 2, "", "four"], count=9, limit=9) == ("one", "four")
    assert fields.texts(["one", "two", "three"], count=2, limit=9) == ("one", "two")
    assert fields.texts({"a": 1}, count=2, limit=9) == ()


@pytest.mark.parametrize(
    ("first", "last", "lines"),
    [
        (1, None, (1, None)),
        (3, 5, (3, 5)),
        (5, 3, (3, 5)),
        (3, 3, (3, None)),
        (3.0, 5.0, (3, 5)),
        ("3", "5", (3, 5)),
        ("L3-L5", None, (3, 5)),
        ("3 – 5", None, (3, 5)),
        ("3:5", None, (3, 5)),
        ("3 to 5", None, (3, 5)),
        ("3-5", 9, (3, 9)),
        (" 3 ", None, (3, None)),
        (fields.MAX_LINE, None, (fields.MAX_LINE, None)),
        (fields.MAX_LINE + 1, None, (None, None)),
        (0, 5, (None, None)),
        (-3, None, (None, None)),
        (3, 0, (3, None)),
        (3.5, None, (None, None)),
        (math.nan, None, (None, None)),
        (math.inf, None, (None, None)),
        (True, None, (None, None)),
        ("three", None, (None, None)),
        (None, 5, (None, None)),
    ],
)
def test_lines_are_numbers_texts_or_ranges(first, last, lines):
    assert fields.lines(first, last) == lines


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7.0), ("7.5", 7.5), (True, None), ("x", None), (None, None), ("nan", None), ([], None)],
)
def test_numbers(value, number):
    assert fields.number(value) == number


def test_a_confidence_lies_between_0_and_1():
    assert [fields.confidence(v) for v in (-1, 0, 0.5, "0.5", 1, 90, "x")] == [
        0.0, 0.0, 0.5, 0.5, 1.0, 1.0, None,
    ]  # fmt: skip


def test_lines_are_of_the_head_unless_the_base_is_named():
    assert [fields.side(word) for word in ("LEFT", " base ", "Old")] == [Side.LEFT] * 3
    assert [fields.side(word) for word in ("RIGHT", "", None, 3)] == [Side.RIGHT] * 4
