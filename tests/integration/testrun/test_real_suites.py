"""Real frameworks in a real sandbox: what passed, what failed, and what was not run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.models import SuiteCounts, SuiteState
from bot.sandbox.launcher import BWRAP

S = SuiteState
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed"),
]


def needs(program: str) -> pytest.MarkDecorator:
    missing = not any(Path(place, program).exists() for place in ("/usr/bin", "/usr/local/bin"))
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")


PROJECT = {
    "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']\n",
    "src/shop/__init__.py": "def price(n):\n    return n * 2\n",
    "tests/test_shop.py": (
        "import pytest\nfrom shop import price\n"
        "def test_price():\n    assert price(2) == 4\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_more(n):\n    assert price(n) == 2\n"
        "class TestFree:\n    def test_free(self):\n        assert price(0) == 1, 'ünïcode'\n"
        "@pytest.mark.skip\ndef test_later():\n    pass\n"
    ),
}


async def test_pytest_names_what_fails_in_a_tree_where_nothing_is_installed(tested):
    outcome = await tested(PROJECT, changed=("src/shop/__init__.py",))
    assert outcome.state is S.FAILED
    assert set(outcome.failed) == {
        "tests/test_shop.py::test_more[2]",
        "tests/test_shop.py::TestFree::test_free",
    }
    assert outcome.counts == SuiteCounts(passed=2, failed=2, errors=0, skipped=1)
    assert "AssertionError: ünïcode" in outcome.tail
    assert (outcome.framework, outcome.command) == ("pytest", "python3 -m pytest")
    assert outcome.duration > 0


async def test_pytest_passes(tested):
    outcome = await tested({"conftest.py": "", "test_a.py": "def test_a():\n    pass\n"})
    assert (outcome.state, outcome.counts.passed, outcome.reason) == (S.PASSED, 1, "")


async def test_pytest_without_tests_is_no_pass(tested):
    outcome = await tested({"setup.cfg": "[metadata]\nname = x\n"})
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "no test ran: pytest found none")


async def test_a_suite_that_skips_everything_is_no_pass(tested):
    text = "import pytest\n@pytest.mark.skip\ndef test_a():\n    pass\n"
    outcome = await tested({"test_a.py": text})
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "no test ran: 1 skipped")


async def test_a_module_that_cannot_be_imported_is_named(tested):
    outcome = await tested({"test_a.py": "import test_b\ntest_b.no\n", "test_b.py": ""})
    assert (outcome.state, outcome.failed) == (S.FAILED, ("test_a.py",))
    assert outcome.counts.errors == 1


async def test_a_dependency_that_is_not_there_is_no_failing_test(tested):
    outcome = await tested({"test_a.py": "import flask_of_old\ndef test_a():\n    pass\n"})
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "not installed here: flask_of_old")
    assert outcome.failed == ()


async def test_options_that_the_project_wants_and_nobody_knows(tested):
    files = {"pytest.ini": "[pytest]\naddopts = --no-such-option\n", "test_a.py": ""}
    outcome = await tested(files)
    assert outcome.state is S.NOT_RUN
    assert "unrecognized arguments: --no-such-option" in outcome.reason


async def test_an_exit_status_that_contradicts_its_report_is_no_pass(tested):
    files = {
        "conftest.py": "def pytest_unconfigure():\n    import os\n    os._exit(7)\n",
        "test_a.py": "def test_a():\n    pass\n",
    }
    outcome = await tested(files)
    assert outcome.state is S.FAILED
    assert outcome.reason == "it ended with 7 although no test failed"


UNITTEST = {
    "app.py": "x = 1\n",
    "tests/test_app.py": (
        "import unittest\nimport app\nclass Case(unittest.TestCase):\n"
        "    def test_good(self):\n        self.assertEqual(app.x, 1)\n"
        "    def test_bad(self):\n        self.assertEqual(app.x, 2)\n"
        "    @unittest.skip('later')\n    def test_later(self):\n        pass\n"
    ),
}


@needs("python3")
async def test_unittest(tested):
    outcome = await tested(UNITTEST)
    assert (outcome.state, outcome.framework) == (S.FAILED, "unittest")
    assert outcome.failed == ("test_app.Case.test_bad",)
    assert outcome.counts == SuiteCounts(passed=1, failed=1, errors=0, skipped=1)


@needs("python3")
async def test_unittest_in_packages(tested):
    outcome = await tested({**UNITTEST, "tests/__init__.py": ""})
    assert outcome.failed == ("tests.test_app.Case.test_bad",)


NODE = {
    "package.json": json.dumps({"name": "x", "scripts": {"test": "node --test"}}),
    "a.test.js": (
        "const test = require('node:test'); const assert = require('assert');\n"
        "test('adds', () => assert.equal(1 + 1, 2));\n"
        "test('subs', () => assert.equal(1 - 1, 1));\n"
    ),
}


@needs("npm")
async def test_npm_test(tested):
    outcome = await tested(NODE)
    assert (outcome.state, outcome.command) == (S.FAILED, "npm test")
    assert outcome.failed == ("subs",)
    assert (outcome.counts.passed, outcome.counts.failed) == (1, 1)


@needs("npm")
async def test_npm_test_that_passes(tested):
    outcome = await tested({**NODE, "a.test.js": NODE["a.test.js"].replace("1 - 1, 1", "1 - 1, 0")})
    assert (outcome.state, outcome.counts.passed) == (S.PASSED, 2)


@needs("npm")
async def test_npm_test_that_says_nothing_of_tests_is_no_pass(tested):
    files = {"package.json": json.dumps({"scripts": {"test": "echo everything passed"}})}
    outcome = await tested(files)
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "it ended with 0 and told of no test")


@needs("npm")
async def test_a_runner_that_is_not_installed_is_no_failing_test(tested):
    package = {"scripts": {"test": "jest"}, "devDependencies": {"jest": "29"}}
    outcome = await tested({"package.json": json.dumps(package)})
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "jest is not installed here")


@needs("node")
async def test_jest_and_mocha_are_started_from_the_tree_and_tell_by_their_reports(tested):
    """With stand-ins: what they are given, and what becomes of what they write."""
    jest = (
        "const out = process.argv.find((a) => a.startsWith('--outputFile=')).slice(13);\n"
        "require('fs').writeFileSync(out, JSON.stringify({numPassedTests: 1, numFailedTests: 1,"
        " testResults: [{name: '/work/packages/a/a.test.js', status: 'failed', assertionResults:"
        " [{fullName: 'sum adds', status: 'failed'}]}]})); process.exit(1);\n"
    )
    mocha = (
        "const out = process.argv.find((a) => a.startsWith('output=')).slice(7);\n"
        'require(\'fs\').writeFileSync(out, \'<testsuite><testcase classname="Array" name="sorts">'
        "<failure>expected 1 to be 2</failure></testcase></testsuite>'); process.exit(1);\n"
    )
    outcome = await tested(
        {
            "node_modules/jest/bin/jest.js": jest,
            "node_modules/mocha/bin/mocha.js": mocha,
            "packages/a/package.json": json.dumps({"devDependencies": {"jest": "29"}}),
            "packages/b/package.json": json.dumps({"devDependencies": {"mocha": "10"}}),
        },
        changed=("packages/b/x.js", "packages/a/x.js"),
    )
    assert outcome.state is S.FAILED
    assert outcome.failed == ("packages/b: Array sorts", "packages/a/a.test.js sum adds")
    assert outcome.command == "mocha in packages/b; jest in packages/a"
    assert "expected 1 to be 2" in outcome.tail, "what stands in the report only is shown as well"


@needs("go")
async def test_go(tested):
    outcome = await tested(
        {
            "go.mod": "module example.com/a\n\ngo 1.20\n",
            "a_test.go": 'package a\nimport "testing"\nfunc TestA(t *testing.T) { t.Fatal("no") }\n'
            "func TestB(t *testing.T) {}\n",
        }
    )
    assert (outcome.state, outcome.failed) == (S.FAILED, ("example.com/a TestA",))
    assert outcome.counts.passed == 1


@needs("mvn")
async def test_dependencies_that_nobody_can_fetch_are_no_failing_test(tested):
    pom = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId>"
        "<artifactId>a</artifactId><version>1</version></project>"
    )
    outcome = await tested({"pom.xml": pom})
    assert outcome.state is S.NOT_RUN
    assert "there is no network" in outcome.reason or "Maven has no configuration" in outcome.reason


async def test_no_framework_is_no_pass(tested):
    outcome = await tested({"README.md": "Nothing.\n"})
    assert outcome.state is S.NO_FRAMEWORK
    assert outcome.reason == "no test framework was found in the tree"


async def test_a_program_that_is_missing_is_no_failing_test(tested, tmp_path):
    outcome = await tested({"Cargo.toml": ""}, search=(tmp_path,))
    assert outcome.state is S.NOT_RUN
    assert "there is no program cargo" in outcome.reason


@pytest.mark.skipif(
    shutil.which("pytest", path="/usr/bin") is not None, reason="the system has a pytest"
)
@needs("python3")
async def test_an_interpreter_without_pytest_is_no_failing_test(tested):
    outcome = await tested({"pytest.ini": "[pytest]\n"}, search=(Path("/usr/bin"),))
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "pytest is not installed here")


# ------------------------------------------------------------------ the configured command


async def test_the_configured_command_comes_first(tested):
    outcome = await tested(PROJECT, command="PYTHONPATH=src pytest -k 'price or free'")
    assert outcome.command == "PYTHONPATH=src pytest -k 'price or free'"
    assert outcome.failed == ("tests/test_shop.py::TestFree::test_free",)
    assert outcome.counts.passed == 1


async def test_a_script_of_the_tree_may_be_the_command(tested, tmp_path):
    files = {"bin/check": '#!/bin/sh\necho "checked $1 in $PWD"\nexit $1\n'}
    for status, state in ((0, S.PASSED), (3, S.FAILED)):
        script = tmp_path / "copy" / "bin" / "check"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.touch(mode=0o755)
        outcome = await tested(files, command=f"bin/check {status}")
        assert outcome.state is state
        assert outcome.tail.startswith(f"checked {status} in /work")
        assert outcome.counts == SuiteCounts()
        assert outcome.reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("true", "it ended with 0 and told of no test"),
        ("no-such-program --all", "no-such-program cannot be used"),
        ("./missing.sh", "a program is missing"),
        ("make && make test", "without a shell"),
        ("pytest 'open", "cannot be read"),
    ],
)
async def test_a_command_that_tests_nothing_is_no_pass(tested, command, reason):
    outcome = await tested({"README.md": ""}, command=command)
    assert outcome.state is S.NOT_RUN
    assert reason in outcome.reason
