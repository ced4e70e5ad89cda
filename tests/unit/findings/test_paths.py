"""Paths as agents write them, and what is said of those that name no file of the tree."""

from __future__ import annotations

import pytest

from bot.findings.paths import MAX_LENGTH, BadPath, from_uri, normal_path, shown


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (" src/app.py ", "src/app.py"),
        ("./src//app.py", "src/app.py"),
        ("a/src/app.py", "src/app.py"),
        ("b/src/app.py", "src/app.py"),
        ("c/app.py", "c/app.py"),
        ("a", "a"),
        ("/work/src/app.py", "src/app.py"),
        ("/workspace/src/app.py", "src/app.py"),
        ("src/..app.py", "src/..app.py"),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
    ],
)
def test_a_path_is_brought_to_the_form_of_git(text, path):
    assert normal_path(text) == path


def test_a_path_that_there_is_is_left_as_it_is():
    assert normal_path("a/x.py", {"a/x.py"}) == "a/x.py"
    assert normal_path("./a/x.py", {"a/x.py"}) == "a/x.py"
    assert normal_path(" x.py", {" x.py"}) == " x.py"
    assert normal_path(" x.py ", {"x.py"}) == "x.py"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\0b", "'a\\x00b' is no path"),
        ("\ud800", "'\\ud800' is no path"),
        ("/etc/passwd", "'/etc/passwd' is outside the tree"),
        ("src/../x", "'src/../x' leaves the tree"),
        ("./", "'./' names no file"),
        ("", "'' names no file"),
        ("x" * (MAX_LENGTH + 1), f"'{'x' * 79}…' is no path"),
    ],
)
def test_what_names_no_file_of_the_tree_is_refused_with_the_reason(text, said):
    with pytest.raises(BadPath) as refused:
        normal_path(text)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("FILE:///work/x.py", "x.py"),
        ("file://host/work/x.py", "x.py"),
        ("file:x.py", "x.py"),
        ("c://x.py", "c:/x.py"),
        ("src/a:b.py", "src/a:b.py"),
        ("a%20b.py", "a b.py"),
        ("file:///work/src/a:b.py", "src/a:b.py"),
        ("src/http://x.py", "src/http:/x.py"),
    ],
)
def test_an_address_of_a_file_is_a_path(uri, path):
    assert from_uri(uri) == path


def test_an_address_of_something_else_is_none():
    with pytest.raises(BadPath) as refused:
        from_uri("https://example.com/x.py")
    assert str(refused.value) == "'https://example.com/x.py' is no file"


def test_a_long_text_is_shown_short():
    assert shown("x" * 80) == f"'{'x' * 80}'"
    assert shown("x" * 81) == f"'{'x' * 79}…'"
