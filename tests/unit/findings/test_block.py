"""The function that a line is in."""

from __future__ import annotations

from bot.findings.block import NEAR, TALL, around

PYTHON = """\
import os


@cached
def first(a):
    if a:
        return 1
    return 2


def second(b):
    return b
""".splitlines()
SCRIPT = """\
const a = 1;
export async function first(a) {
  if (a) {
    go();
  }
}

const second = (b) => {
  return b;
};
""".splitlines()


def test_from_its_decorator_to_its_end():
    assert around(PYTHON, 7) == (4, 10)
    assert around(PYTHON, 12) == (10, 12)


def test_brackets_instead_of_indentation():
    assert around(SCRIPT, 4) == (1, 7)
    assert around(SCRIPT, 9) == (7, 10)


def test_a_line_outside_of_every_function_has_lines_near_by():
    assert around(["x = 1"] * 100, 50) == (50 - NEAR, 50 + NEAR)


def test_a_line_that_is_not_there():
    assert around([], 5) == (5 - NEAR, 5 + NEAR)


def test_of_a_very_long_function_only_a_part():
    lines = ["def f():", *["    x = 1"] * 1000]
    first, last = around(lines, 500)
    assert first == 500 - NEAR
    assert last == 500 + NEAR
    assert around(lines, 50) == (1, 50 + TALL)
