"""Where lines stand after they were moved."""

from __future__ import annotations

from bot.findings.moves import Sides, Text
from tests.fakes.trees import compare

FIRST = "def first():\n    open()\n    value = load(request)\n    close()\n"
SECOND = "def second():\n    lock()\n    value = load(request)\n    unlock()\n"
CODE = "    value = load(request)"


def test_a_function_that_went_to_another_file():
    sides = Sides(
        compare({"a.py": "x = 1\n" + FIRST, "b.py": ""}, {"a.py": "x = 1\n", "b.py": FIRST})
    )
    assert sides.moved("a.py", 4, CODE) == ("b.py", 3)


def test_of_equal_lines_the_one_among_the_same_lines():
    before = {"a.py": FIRST + SECOND, "b.py": "x = 1\n"}
    after = {"a.py": "", "b.py": "x = 1\n" + SECOND + FIRST}
    sides = Sides(compare(before, after))
    assert sides.moved("a.py", 3, CODE) == ("b.py", 8)
    assert sides.moved("a.py", 7, CODE) == ("b.py", 4)


def test_where_nothing_tells_which_there_is_no_guess():
    twice = Sides(compare({"a.py": CODE + "\n"}, {"b.py": f"x\n{CODE}\ny\n{CODE}\n"}))
    assert twice.moved("a.py", 1, CODE) is None


def test_a_bracket_is_not_followed():
    assert Sides(compare({"a.py": "}\n"}, {"b.py": "}\n"})).moved("a.py", 1, "}") is None


def test_lines_of_a_tree():
    text = Text({"a.py": ["x", CODE, "y", CODE], "b.py": ["  only_here = 1"]})
    assert text.places("a.py", "value  =  load(request)") == [2, 4]
    assert text.places("none.py", CODE) == []
    assert text.only_place("only_here = 1") == ("b.py", 1)
    assert text.only_place(CODE) is None
    assert text.only_place("x") is None


def test_code_of_several_lines_is_followed_only_as_a_whole():
    code = "first = load(request)\nsecond = load(request)"
    before = {"a.py": f"{code}\n", "b.py": "x\n"}
    whole = Sides(compare(before, {"a.py": "", "b.py": f"x\n{code}\n"}))
    assert whole.moved("a.py", 1, code) == ("b.py", 2)
    half = Sides(compare(before, {"a.py": "", "b.py": "x\nfirst = load(request)\n"}))
    assert half.moved("a.py", 1, code) is None


def test_places_of_code_of_several_lines():
    text = Text({"a.py": ["one = 1", "two = 2", "one = 1"]})
    assert text.places("a.py", "one = 1\ntwo = 2") == [1]
    assert text.only_place("two = 2\none = 1") == ("a.py", 2)
