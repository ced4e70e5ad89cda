"""Which tests are run for a change, told from the files of a tree."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.testrun.detect import MAX_FOLDERS, MAX_SUITES, Detected, detect
from bot.testrun.folder import foreign
from bot.testrun.frameworks import Framework, Suite

F = Framework
NO_TEST = 'echo "Error: no test specified" && exit 1'


def package(test: str = "", *needed: str, **more: object) -> str:
    scripts = {"scripts": {"test": test}} if test else {}
    return json.dumps({**scripts, "devDependencies": dict.fromkeys(needed, "1"), **more})


def found(files: Mapping[str, str], *changed: str) -> list[str]:
    detected = detect(list(files), lambda path: files.get(path, ""), changed)
    return [f"{s.framework} in {s.folder}" if s.folder else s.framework for s in detected.suites]


PROBES: dict[str, tuple[dict[str, str], list[str]]] = {
    "vitest with jest-dom": (
        {"package.json": package("vitest run", "vitest", "@testing-library/jest-dom")}, ["vitest"],
    ),
    "vitest with jest-dom and no script": (
        {"package.json": package("", "vitest", "@testing-library/jest-dom", "jest-extended")},
        ["vitest"],
    ),
    "a Python library with a package.json for its documentation": (
        {
            "package.json": package("markdownlint docs", "vuepress"),
            "pyproject.toml": "[project]\nname = 'x'\n",
            "tests/test_x.py": "def test_x(): pass\n",
        },
        ["pytest"],
    ),
    "the same, further down": (
        {
            "docs/package.json": package("jest", "jest"),
            "setup.py": "",
            "tests/test_x.py": "import unittest\n",
        },
        ["unittest"],
    ),
    "setup.cfg only": ({"setup.cfg": "[metadata]\n", "x.py": ""}, ["pytest"]),
    "tox.ini only": ({"tox.ini": "[testenv]\ncommands = pytest\n"}, ["pytest"]),
    "requirements.txt only": ({"requirements.txt": "flask\npytest>=8\n"}, ["pytest"]),
    "Rust": ({"Cargo.toml": "[package]\n", "src/lib.rs": ""}, ["cargo test"]),
    "Java with Maven": ({"pom.xml": "<project/>"}, ["maven"]),
    "Java with Gradle": ({"build.gradle.kts": ""}, ["gradle"]),
    "a monorepo": (
        {
            "README.md": "",
            "services/api/go.mod": "module x\n",
            "services/web/package.json": package("jest", "jest"),
            "services/web/src/a.test.js": "",
        },
        ["go test in services/api", "jest in services/web"],
    ),
    # And those that were right before.
    "go": ({"go.mod": "module x\n"}, ["go test"]),
    "pytest.ini": ({"pytest.ini": "[pytest]\n"}, ["pytest"]),
    "jest": ({"package.json": package("jest --ci", "jest")}, ["jest"]),
    "jest by its configuration": ({"package.json": package(jest={})}, ["jest"]),
    "jest by a file": ({"package.json": package(), "jest.config.js": ""}, ["jest"]),
    "mocha": ({"package.json": package("mocha -r esm", "mocha", "chai")}, ["mocha"]),
    "mocha by a file": ({"package.json": package(), ".mocharc.yml": ""}, ["mocha"]),
    "any other script": ({"package.json": package("node --test")}, ["npm test"]),
    "a script that hides its framework": (
        {"package.json": package("react-scripts test", "jest")}, ["npm test"],
    ),
    "no script": ({"package.json": package(NO_TEST)}, []),
    "no script, but a dependency": ({"package.json": package(NO_TEST, "mocha")}, ["mocha"]),
    "broken package.json": ({"package.json": "{"}, []),
    "odd package.json": ({"package.json": '{"scripts": 1, "dependencies": []}'}, []),
    "a list in package.json": ({"package.json": '["jest"]'}, []),
    "rspec": ({"Gemfile": "gem 'rspec'\n", "spec/a_spec.rb": ""}, ["rspec"]),
    "rspec by its file": ({".rspec": ""}, ["rspec"]),
    "rspec by its gem": ({"Gemfile": "gem 'rspec'\n"}, ["rspec"]),
    "minitest": ({"x.gemspec": "", "test/a_test.rb": ""}, ["minitest"]),
    "minitest by its gem": ({"Gemfile": "gem 'minitest'\n"}, ["minitest"]),
    "both of Ruby": (
        {"Rakefile": "", "spec/a_spec.rb": "", "test/test_a.rb": ""}, ["rspec", "minitest"],
    ),
    "a Gemfile for a page": ({"Gemfile": "gem 'jekyll'\n"}, []),
    "Ruby files of somebody": ({"spec/a_spec.rb": ""}, []),
    "unittest": (
        {"app.py": "", "test_app.py": "import unittest\nfrom unittest import mock\n"}, ["unittest"],
    ),
    "unittest.mock is no unittest": (
        {"test_app.py": "from unittest.mock import Mock\nfrom unittest import mock\n"}, ["pytest"],
    ),
    "both imported": ({"test_a.py": "import unittest\nimport pytest\n"}, ["pytest"]),
    "conftest decides": (
        {"t/test_a.py": "import unittest\n", "t/conftest.py": "", "setup.py": ""}, ["pytest"],
    ),
    "a Go project with requirements for its pages": (
        {"go.mod": "", "requirements.txt": "mkdocs\n"}, ["go test"],
    ),
    "what somebody else wrote": (
        {"node_modules/a/package.json": package("jest"), "vendor/b/go.mod": ""}, [],
    ),
    "nothing": ({"README.md": ""}, []),
    "no file at all": ({}, []),
}  # fmt: skip


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES.keys())
def test_the_framework_is_told_from_the_files(probe):
    files, expected = probe
    assert found(files) == expected


MONO = {
    "package.json": package("jest", "jest"),
    "go.mod": "module x\n",
    "packages/a/package.json": package("vitest", "vitest"),
    "packages/a/src/deep/x.ts": "",
    "packages/b/package.json": package(NO_TEST),
    "py/requirements.txt": "mkdocs\n",
    "py/x.py": "",
    "lib/setup.py": "",
    "lib/tests/test_x.py": "import pytest\n",
    "java/pom.xml": "",
    "java/core/pom.xml": "",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ((), ["go test", "jest"]),
        (("README.md",), ["go test", "jest"]),
        (("main.go",), ["go test"]),
        (("web/x.jsx",), ["jest"]),
        (("packages/a/src/deep/x.ts",), ["vitest in packages/a"]),
        (("packages/b/x.js",), ["jest"]),
        (("packages/a/README.md",), ["go test", "jest"]),
        (("packages/a/x.ts", "main.go"), ["vitest in packages/a", "go test"]),
        (("lib/x.py", "lib/y.py"), ["pytest in lib"]),
        (("py/x.py",), ["go test", "jest"]),
        (("java/core/src/X.java",), ["maven in java"]),
        (("docs/x.py", "/etc/passwd", "-k_test.py", ""), ["go test", "jest"]),
    ],
)
def test_the_suites_nearest_to_the_change_are_run(changed, expected):
    assert found(MONO, *changed) == expected


def test_whether_a_script_starts_the_framework_alone():
    def script(test: str) -> bool:
        files = {"package.json": package(test, "jest")}
        return detect(list(files), lambda path: files[path]).suites[0].script

    assert script("jest --ci")
    assert script("cross-env NODE_ENV=test jest")
    assert not script("jest && eslint .")
    assert not script("")


def test_how_many_suites_there_may_be():
    many = {f"a{n}/go.mod": "" for n in range(MAX_FOLDERS + 20)}
    detected = detect(list(many), lambda _: "", [f"{place[:-6]}x.go" for place in many])
    assert len(detected.suites) == MAX_SUITES
    assert detected.left_out == MAX_FOLDERS - MAX_SUITES
    assert detect([], lambda _: "") == Detected()
    assert Suite(framework=F.GO).folder == ""


def test_what_belongs_to_somebody_else():
    assert foreign("a/node_modules/b/c")
    assert not foreign("node_modules/b/c", "node_modules/")
    assert not foreign("vendor")


NAME = st.sampled_from(
    ["package.json", "setup.py", "go.mod", "tests", "docs", "a", "test_a.py", "..", "-k", ""]
)
PATHS = st.lists(st.lists(NAME, max_size=4).map("/".join), max_size=8)


@given(PATHS, PATHS, st.text())
def test_any_tree_can_be_looked_at(paths, changed, content):
    detected = detect(paths, lambda _: content, changed)
    assert len(detected.suites) <= MAX_SUITES
    there = {""} | {path.rpartition("/")[0] for path in paths}
    assert {suite.folder for suite in detected.suites} <= there
