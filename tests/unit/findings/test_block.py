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


def test_the_line_that_defines_a_function_is_in_it():
    assert around(PYTHON, 5) == (4, 10)
    assert around(["def f():", "    return 1"], 1) == (1, 2)
    assert around(["def f():", *["    x = 1"] * 1000], 1) == (1, 1 + TALL)


def test_a_blank_line_is_in_the_function_around_it():
    assert around(["def f():", "    x = 1", "", "    y = 2"], 3) == (1, 4)


def test_a_field_behind_a_method_is_in_no_function():
    fields = ["class A:", "    def f(self):", "        return 1", "    x = 2"]
    assert around(fields, 4) == (1, 4)
    assert around([*["y = 1"] * 50, *fields], 54) == (54 - NEAR, 54)


def test_a_range_reaches_to_its_last_line():
    assert around(["x = 1"] * 100, 50, 60) == (50 - NEAR, 60 + NEAR)
    assert around(["x = 1"] * 100, 50, 40) == (50 - NEAR, 50 + NEAR)
    assert around(["x = 1"] * 100, 50, 900) == (50 - NEAR, 100)
    assert around(["x = 1"] * 100, 3) == (1, 3 + NEAR)
    assert around([], 5, 7) == (5 - NEAR, 7 + NEAR)
    assert around(["def f():", "    x = 1", "y = 2", "z = 3"], 2, 4) == (1, 4)
