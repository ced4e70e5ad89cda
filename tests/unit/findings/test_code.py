"""What in a line is code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.code import grown, names, only_says, renames, stripped, tokens


@pytest.mark.parametrize(
    ("path", "line", "code"),
    [
        ("a.py", "  x = 1  # why", "x = 1"),
        ("a.py", 'x = "# no comment"', 'x = "# no comment"'),
        ("a.py", '    """Words."""', ""),
        ("a.py", 'x = """a value"""', 'x = """a value"""'),
        ("a.go", "x := 1 // why", "x := 1"),
        ("a.go", 'x := "http://host"', 'x := "http://host"'),
        ("a.c", "#include <x.h>", "#include <x.h>"),
        ("a.c", "a /* b */ c", "a c"),
        ("a.java", " * words of a comment", ""),
        ("a.sql", "select 1 -- why", "select 1"),
        ("a.html", "<b>x</b><!-- why -->", "<b>x</b>"),
        ("a.md", "# A heading", "# A heading"),
        ("Makefile", "all: x # why", "all: x"),
        ("a.php", "$x = 1; # why", "$x = 1;"),
        ("unknown.xyz", "x # y", "x # y"),
    ],
)
def test_a_line_without_its_comment(path, line, code):
    assert stripped([line], path) == [code]


def test_a_comment_over_several_lines():
    assert stripped(["a(); /* one", "two", "three */ b();"], "x.js") == ["a();", "", "b();"]
    assert stripped(['"""', "words", '"""', "x = 1"], "x.py") == ["", "", "", "x = 1"]


def test_names_are_told_from_the_words_of_languages():
    assert names('if user and f"{order_id}": return None') == {"user", "order_id"}


def test_what_only_tells_somebody_something():
    assert only_says('    log.info("x", y)')
    assert only_says("console.log(x)")
    assert not only_says("login(user)")
    assert not only_says("x = print")


@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        ('q = f"{a}"', 'q = f"{a} {b}"', True),
        ("f(a, b)", "f(a, b, c)", True),
        ("f(a, b)", "f(b, a)", False),
        ("f(a)", "await f(a)", False),
        ("f(a)", "f(a, timeout=3)", False),
        ("a < b", "a <= b", False),
        ("", "a", False),
    ],
)
def test_more_of_the_same(old, new, more):
    assert grown([old], [new]) is more


def test_names_that_were_replaced():
    assert renames("a = b + 1", "a = c + 1") == frozenset({("b", "c")})
    assert renames("a = b + 1", "a = b + 1") is None
    assert renames("a = b + 1", "a = b - 1") is None
    assert renames("a = b", "a = b + 1") is None


lines = st.lists(st.text("ab \"'#/*-<!>`\\=(", max_size=20), max_size=6)


@pytest.mark.parametrize("line", ["*", "* words", "*/", "@param x", "@return x"])
def test_a_line_inside_of_a_comment_is_none_where_such_comments_are(line):
    assert stripped([f"  {line}"], "a.js") == [""]
    assert stripped([f"  {line}"], "a.php") == [""]
    assert stripped([f"  {line}"], "a.py") == [line]


def test_php_knows_three_kinds_of_comments():
    assert stripped(["a(); // x", "b(); # x", "c(); /* x", "y */ d();"], "a.php") == [
        "a();", "b();", "c();", "d();",
    ]  # fmt: skip


def test_comments_of_lua_may_go_over_several_lines():
    assert stripped(["--[[ words", "more ]] x = 1", "y = 2 -- why"], "a.lua") == [
        "", "x = 1", "y = 2",
    ]  # fmt: skip


def test_two_comments_on_one_line():
    assert stripped(["/* a */ f(); /* b */ g();"], "a.js") == ["f(); g();"]


def test_a_comment_may_end_where_its_line_begins():
    assert stripped(["/* words", "*/ f()"], "a.js") == ["", "f()"]


def test_three_quotes_are_a_comment_only_where_a_statement_begins():
    assert stripped(['"""words', 'more"""', "x = 1"], "a.py") == ["", "", "x = 1"]
    assert stripped(["'''words'''", "x = 1"], "a.py") == ["", "x = 1"]
    assert stripped(['x = """words"""'], "a.py") == ['x = """words"""']


@given(lines, st.sampled_from(["a.py", "a.js", "a.sql", "a.html", "a.md"]))
def test_every_line_stays_one_line_whatever_is_in_it(text, path):
    found = stripped(text, path)
    assert len(found) == len(text)
    assert stripped([" ".join(line.split()) for line in text], path) == found
    assert all(tokens(line) or not line for line in found)
