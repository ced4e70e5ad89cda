"""A stranger's tree is looked at without following links, and not for long."""

from __future__ import annotations

import os

import pytest

from bot.testrun import listing
from bot.testrun.listing import look, report_files
from bot.testrun.plan import Form, Plan
from bot.testrun.results import Results
from bot.testrun.tally import Tally


def write(tree, **files):
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    write(
        place,
        **{
            "a.py": "x = 1\n",
            "src/shop/__init__.py": "",
            "tests/helper.py": "",
            "node_modules/jest/bin/jest.js": "",
            ".git/config": "",
        },
    )
    (tmp_path / "secret").write_text("of a neighbour")
    (place / "link").symlink_to(tmp_path / "secret")
    (place / "folder").symlink_to(tmp_path)
    (place / os.fsdecode(b"\xff.py")).write_text("")
    os.mkfifo(place / "pipe")
    return place


def test_what_is_there(tree):
    found = look(tree)
    assert found.paths == {"a.py", "src/shop/__init__.py", "tests/helper.py", "pipe"}
    assert found.read("a.py") == "x = 1\n"
    assert found.read("link") == found.read("folder/secret") == found.read("pipe") == ""
    assert found.exists("node_modules/jest/bin/jest.js")
    assert not found.exists("nowhere")
    assert not found.exists("a\0b")
    assert not found.exists("x" * 5000)


def test_the_modules_of_a_tree(tree):
    assert look(tree).modules("") == {"a", "shop", "helper", "src", "tests"}
    assert look(tree).modules("src") == {"shop"}


def test_a_tree_without_end(tree, monkeypatch):
    monkeypatch.setattr(listing, "MAX_PATHS", 2)
    assert look(tree).paths == {"a.py", "pipe"}, "what is near the root comes first"
    monkeypatch.setattr(listing, "MAX_DEPTH", 1)
    assert "tests/helper.py" not in look(tree).paths
    assert look(tree / "nowhere").paths == frozenset()


GREEN = '<testsuite><testcase name="a" classname="C"/></testsuite>'
RED = '<testsuite><testcase name="b" classname="C"><failure/></testcase></testsuite>'


def plan(form: Form, folder: str = "") -> Plan:
    return Plan(argv=("x",), shown="x", form=form, folder=folder)


def test_reports_of_an_earlier_run_do_not_count(tree, monkeypatch):
    write(
        tree,
        **{
            "java/target/surefire-reports/TEST-Old.xml": GREEN,
            "java/core/target/surefire-reports/TEST-New.xml": GREEN,
            "java/pom.xml": "<project/>",
        },
    )
    results = Results(tree, plan(Form.FOLDERS, "java"), "R")
    assert results.tally("") is None
    write(
        tree,
        **{
            "java/core/target/surefire-reports/TEST-New.xml": RED,
            "java/build/test-results/test/TEST-A.xml": GREEN,
        },
    )
    assert results.tally("") == Tally(passed=1, failed=1, names=("C.b",))
    monkeypatch.setattr("bot.testrun.results.MAX_TOTAL", len(RED))
    assert results.tally("nothing said") is None, "half of the reports are none"
    monkeypatch.setattr(listing, "MAX_REPORTS", 1)
    assert len(report_files(tree, "")) == 1


def test_where_each_framework_tells_its_result(tree):
    write(tree, R=GREEN, **{"a/R": '{"numPassedTests": 3}', "b/R": '{"summary": {}}', "c/R": "no"})
    said = "1 passed in 0.01s"
    assert Results(tree, plan(Form.JUNIT), "R").tally(said) == Tally(passed=1)
    assert Results(tree, plan(Form.JEST, "a"), "R").tally(said) == Tally(passed=3)
    assert Results(tree, plan(Form.RSPEC, "b"), "R").tally(said) == Tally()
    for folder in ("c", "nowhere"):
        found = Results(tree, plan(Form.JUNIT, folder), "R").tally("2 passed in 0.01s")
        assert found == Tally(passed=2), "what cannot be read leaves what was said"
    assert Results(tree, plan(Form.WORDS, "c"), "R").tally("nothing") is None


def test_events_are_the_result_if_there_are_any(tree):
    results = Results(tree, plan(Form.EVENTS), "R")
    assert results.events is not None
    assert results.tally("ok  \tp\t0.1s") == Tally(passed=None)
    results.events.line('{"Action": "pass", "Package": "p", "Test": "T"}')
    assert results.tally("ok  \tp\t0.1s") == Tally(passed=1)
