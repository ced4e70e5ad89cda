"""Definitions and names."""

from __future__ import annotations

import pytest

from bot.findings.edits import Edit
from bot.findings.symbols import calls, defined, idle, named_in


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("def load(x):", "load"),
        ("async def load(x):", "load"),
        ("export default function load(x) {", "load"),
        ("func (s *Store) load(x int) error {", "load"),
        ("pub fn load(x: i32) -> i32 {", "load"),
        ("public static int load(String x) throws E {", "load"),
        ("const load = async (x) => {", "load"),
        ("class Load(Base):", "Load"),
        ("MAX_SIZE = 3", "MAX_SIZE"),
        ("const MAX_SIZE: usize = 3;", "MAX_SIZE"),
        ("value = load(x)", ""),
        ("if (x) {", ""),
        ("return load(x)", ""),
    ],
)
def test_what_a_line_defines(line, name):
    edit = Edit(first=1, last=1, at=1, until=1, old=("x",), new=("y",), lead=(line,))
    assert defined(edit) == name


def test_the_nearest_definition_counts():
    lead = ("def one():", "x", "def two():", "y")
    assert defined(Edit(first=1, last=1, at=1, until=1, old=(), new=("z",), lead=lead)) == "two"


def test_names_in_words_for_people():
    said = "The `order.total` of load_user and parseQuery() is read, said Ann"
    assert named_in(said) == {"order", "total", "load_user", "parseQuery"}


def test_what_changes_nothing():
    assert idle("import os")
    assert idle("print(x)")
    assert not idle("x = 1")
    assert calls("x = f(1)")
    assert not calls("x = (1)")


def test_plain_words_count_as_names_in_back_quotes_only():
    assert named_in("`total` and `count` of the order") == {"total", "count"}
    assert named_in("the total of the order") == frozenset()
