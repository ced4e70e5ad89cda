"""Command lines are ours: what a tree holds only selects among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.frameworks import Framework, Suite
from bot.testrun.plan import BadCommand, Form, configured, detected

TREE = Path("/copy")
F = Framework


def words(framework: Framework, *paths: str, folder: str = "", there: str = "", **rest) -> str:
    suite = Suite(framework=framework, folder=folder, **rest)
    return " ".join(detected(suite, TREE, "R", paths, lambda path: path == there).argv)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (
            words(F.PYTEST),
            "python3 -m pytest -p no:cacheprovider --color=no -rfE -o junit_family=xunit1"
            " --junitxml=R",
        ),
        pytest.param(
            words(F.UNITTEST, "test_a.py"),
            "python3 -m unittest discover",
            id="unittest at the root",
        ),
        (words(F.UNITTEST, "tests/test_a.py"), "python3 -m unittest discover -s tests"),
        (words(F.UNITTEST, "x/test/test_a.py", folder="x"), "python3 -m unittest discover -s test"),
        (
            words(F.UNITTEST, "tests/test_a.py", "tests/__init__.py"),
            "python3 -m unittest discover",
        ),
        (words(F.JEST), "jest --ci --json --outputFile=R"),
        (words(F.JEST, script=True), "npm test -- --ci --json --outputFile=R"),
        (
            words(F.JEST, there="node_modules/jest/bin/jest.js"),
            "node node_modules/jest/bin/jest.js --ci --json --outputFile=R",
        ),
        (
            words(F.VITEST, folder="a/b", there="a/b/../../node_modules/vitest/vitest.mjs"),
            "node ../../node_modules/vitest/vitest.mjs run --reporter=default --reporter=junit"
            " --outputFile.junit=R",
        ),
        (words(F.VITEST), "vitest run --reporter=default --reporter=junit --outputFile.junit=R"),
        (words(F.MOCHA), "mocha --reporter xunit --reporter-option output=R"),
        (words(F.NPM, script=True), "npm test"),
        (words(F.GO), "go test -json ./..."),
        (words(F.CARGO), "cargo test --offline --workspace --no-fail-fast --color=never"),
        (
            words(F.MAVEN),
            "mvn --batch-mode --offline --no-transfer-progress --fail-at-end test",
        ),
        (words(F.GRADLE), "gradle --offline --no-daemon --console=plain --continue test"),
        (words(F.RSPEC), "rspec --no-color --format progress --format json --out R"),
        (
            words(F.RSPEC, "a/Gemfile", folder="a"),
            "bundle exec rspec --no-color --format progress --format json --out R",
        ),
    ],
)
def test_the_command_line_of_each_framework(plan, expected):
    assert plan == expected


def test_what_lies_in_src_can_be_imported_though_it_is_not_installed():
    suite = Suite(framework=F.PYTEST, folder="lib")
    plan = detected(suite, TREE, "R", ["lib/src/a/__init__.py"])
    assert plan.env == {"PYTHONPATH": "/copy/lib/src"}
    assert (plan.folder, plan.form, plan.framework) == ("lib", Form.JUNIT, F.PYTEST)
    assert detected(suite, TREE, "R", ["src/a.py", "lib/src/a.js"]).env == {}


def test_ruby_tests_are_loaded_by_our_own_script():
    plan = detected(Suite(framework=F.MINITEST), TREE, "R", ["Gemfile"])
    assert plan.argv[:6] == ("bundle", "exec", "ruby", "-Ilib", "-Itest", "-e")
    assert plan.form is Form.WORDS


def test_npm_test_may_be_any_framework():
    assert detected(Suite(framework=F.NPM, script=True), TREE, "R").framework is None


NAMES = st.sampled_from(["-k_test.py", "$(id)", "; rm -rf /", "--config=x", "a b", "test_`id`.py"])


@given(st.sampled_from(F), st.lists(NAMES), st.booleans(), st.booleans())
def test_no_name_of_the_tree_becomes_a_word(framework, paths, script, exists):
    suite = Suite(framework=framework, folder="-rf", script=script)
    argv = detected(suite, TREE, "R", paths, lambda _: exists).argv
    assert not {word for word in argv for path in (*paths, "-rf") if path in word.split("/")}
    assert argv == detected(suite, TREE, "R", (), lambda _: exists).argv


# ------------------------------------------------------------------ the configured command


def test_a_configured_command_is_split_as_by_a_shell():
    plan = configured("  make 'unit tests' -j2 # no comment", TREE, "R")
    assert plan.argv == ("make", "unit tests", "-j2", "#", "no", "comment")
    assert plan.shown == "make 'unit tests' -j2 # no comment"
    assert plan.configured
    assert (plan.form, plan.framework) == (Form.WORDS, None)


def test_a_configured_command_may_set_variables_but_not_ours():
    plan = configured("A=1 PATH=/evil B='x y' HOME=/ make C=2", TREE, "R")
    assert plan.argv == ("make", "C=2")
    assert plan.env == {"A": "1", "B": "x y"}


@pytest.mark.parametrize("start", ["pytest", "py.test", "python -m pytest", "python3.11 -m pytest"])
def test_a_configured_pytest_is_asked_for_its_report(start):
    plan = configured(f"PYTEST_ADDOPTS=-x {start} tests", TREE, "R")
    assert plan.argv == (*start.split(), "tests")
    assert plan.env == {"PYTEST_ADDOPTS": "-x -o junit_family=xunit1 --junitxml=R"}
    assert plan.form is Form.JUNIT


def test_a_program_of_the_tree_is_started_from_within():
    argv = ("/usr/bin/env", "--", "/copy/bin/check", "-a")
    assert configured("./bin/check -a", TREE, "R").argv == argv
    assert configured("/usr/bin/make", TREE, "R").argv == ("/usr/bin/make",)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("a 'b", "cannot be read"),
        ("a && b", "without a shell"),
        ("a | b", "without a shell"),
        ("a\0b", "without a shell"),
        ("A=1", "names no program"),
        ("''", "names no program"),
        ("../other/run", "leaves the tree"),
        ("bin/../../run", "leaves the tree"),
    ],
)
def test_a_command_that_cannot_be_run(command, said):
    with pytest.raises(BadCommand, match=said):
        configured(command, TREE, "R")


@given(st.text())
def test_any_command_is_planned_or_refused(command):
    try:
        plan = configured(command, TREE, "R")
    except BadCommand:
        return
    assert plan.argv[0]
