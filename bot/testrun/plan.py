"""The command lines of test runs. They are ours: nothing out of the tree becomes a word of one.

Whole suites are run, so no file of the tree is named either. The exception is what the repository's
default branch configures: ``test_command`` is split as a shell would split it, but there is no
shell. It may begin with assignments (``A=b program …``) and may name a program of the tree by a
path (``./run-tests``); what needs more than that belongs into a script.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from bot.testrun.frameworks import Framework, Suite

_RUBY_FILES = (
    "Dir['test/**/{*_test,test_*}.rb'].sort.each { |file| require File.expand_path(file) }"
)
_LOCAL = {
    Framework.JEST: "node_modules/jest/bin/jest.js",
    Framework.VITEST: "node_modules/vitest/vitest.mjs",
    Framework.MOCHA: "node_modules/mocha/bin/mocha.js",
}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SHELL = frozenset(("&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1"))
_OURS = frozenset(("PATH", "HOME", "TMPDIR"))


class Form(StrEnum):
    """How the result is told, besides in words."""

    WORDS = "words only"
    JUNIT = "one file of JUnit XML"
    JEST = "jest's JSON"
    RSPEC = "rspec's JSON"
    EVENTS = "go's events, on standard output"
    FOLDERS = "folders of JUnit XML that the build tool chooses"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One run of one suite."""

    argv: tuple[str, ...]
    shown: str
    """The command for people."""
    folder: str = ""
    """Where it starts, below the tree."""
    env: Mapping[str, str] = field(default_factory=dict)
    framework: Framework | None = None
    form: Form = Form.WORDS
    separator: str = "."
    configured: bool = False
    """Its exit status is what the repository itself calls a pass."""


class BadCommand(ValueError):
    """The configured command cannot be run; the message says why."""


def configured(command: str, tree: Path, report: str) -> Plan:
    """What the repository asks for; `BadCommand` if that cannot be."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadCommand(f"test_command cannot be read: {error}") from error
    if any(word in _SHELL for word in words) or "\0" in command:
        raise BadCommand("test_command is run without a shell: put `&&`, `|` and `;` into a script")
    env: dict[str, str] = {}
    while words and _ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        if name not in _OURS:
            env[name] = value
    if not words or not words[0]:
        raise BadCommand("test_command names no program")
    plan = Plan(argv=tuple(words), shown=command.strip(), env=env, configured=True)
    program = words[0]
    if "/" in program and not program.startswith("/"):
        return _of_tree(plan, tree)
    if _is_pytest(words):
        options = f"{env.get('PYTEST_ADDOPTS', '')} -o junit_family=xunit1 --junitxml={report}"
        return replace(
            plan,
            env={**env, "PYTEST_ADDOPTS": options.strip()},
            framework=Framework.PYTEST,
            form=Form.JUNIT,
        )
    return plan


def detected(
    suite: Suite,
    tree: Path,
    report: str,
    paths: Collection[str] = (),
    exists: Callable[[str], bool] = lambda _: False,
) -> Plan:
    """How ``suite`` is run; ``report`` is the name of a file in its folder."""
    kind = suite.framework
    start = f"{suite.folder}/" if suite.folder else ""
    plan = Plan(
        argv=(), shown=kind, folder=suite.folder, framework=None if kind is Framework.NPM else kind
    )
    if kind in (Framework.PYTEST, Framework.UNITTEST):
        return _python(plan, tree, report, paths, start)
    if kind in _LOCAL or kind is Framework.NPM:
        return _javascript(plan, suite, report, exists)
    if kind in (Framework.RSPEC, Framework.MINITEST):
        return _ruby(plan, report, bundled=f"{start}Gemfile" in paths)
    argv, form = _BUILDS[kind]
    return replace(plan, argv=argv, form=form, shown=shlex.join(argv))


_BUILDS: Mapping[Framework, tuple[tuple[str, ...], Form]] = {
    Framework.GO: (("go", "test", "-json", "./..."), Form.EVENTS),
    Framework.CARGO: (
        ("cargo", "test", "--offline", "--workspace", "--no-fail-fast", "--color=never"),
        Form.WORDS,
    ),
    Framework.MAVEN: (
        ("mvn", "--batch-mode", "--offline", "--no-transfer-progress", "--fail-at-end", "test"),
        Form.FOLDERS,
    ),
    Framework.GRADLE: (
        ("gradle", "--offline", "--no-daemon", "--console=plain", "--continue", "test"),
        Form.FOLDERS,
    ),
}


def _python(plan: Plan, tree: Path, report: str, paths: Collection[str], start: str) -> Plan:
    # What lies in src/ is importable once it is installed, and here nothing is.
    source = any(path.startswith(f"{start}src/") and path.endswith(".py") for path in paths)
    env = {"PYTHONPATH": str(tree / plan.folder / "src")} if source else {}
    module = ("python3", "-m", plan.shown)
    if plan.framework is Framework.UNITTEST:
        argv = (*module, "discover", *_discovery(paths, start))
        return replace(plan, argv=argv, env=env, shown=shlex.join(argv))
    argv = (
        *module, "-p", "no:cacheprovider", "--color=no", "-rfE",
        "-o", "junit_family=xunit1", f"--junitxml={report}",
    )  # fmt: skip
    return replace(plan, argv=argv, env=env, form=Form.JUNIT, shown=shlex.join(module))


def _discovery(paths: Collection[str], start: str) -> tuple[str, ...]:
    """unittest looks into packages only; our own words for the folders that are usual."""
    for folder in ("tests", "test"):
        inside = any(path.startswith(f"{start}{folder}/test") for path in paths)
        if inside and f"{start}{folder}/__init__.py" not in paths:
            return ("-s", folder)
    return ()


def _javascript(plan: Plan, suite: Suite, report: str, exists: Callable[[str], bool]) -> Plan:
    kind = suite.framework
    if kind is Framework.NPM:
        return replace(plan, argv=("npm", "test"), shown="npm test")
    options, form, separator = _javascript_report(kind, report)
    plan = replace(plan, form=form, separator=separator)
    if suite.script:  # it may have options that the tests need
        return replace(plan, argv=("npm", "test", "--", *options), shown="npm test")
    first = ("run",) if kind is Framework.VITEST else ()
    for up in range(len(PurePosixPath(suite.folder).parts) + 1):
        place = PurePosixPath(suite.folder, *([".."] * up), _LOCAL[kind])
        if exists(str(place)):
            program = ("node", str(PurePosixPath(*([".."] * up), _LOCAL[kind])))
            return replace(plan, argv=(*program, *first, *options))
    return replace(plan, argv=(kind, *first, *options))


def _javascript_report(kind: Framework, report: str) -> tuple[tuple[str, ...], Form, str]:
    if kind is Framework.JEST:
        return ("--ci", "--json", f"--outputFile={report}"), Form.JEST, ""
    if kind is Framework.VITEST:
        options = ("--reporter=default", "--reporter=junit", f"--outputFile.junit={report}")
        return options, Form.JUNIT, " > "
    return ("--reporter", "xunit", "--reporter-option", f"output={report}"), Form.JUNIT, " "


def _ruby(plan: Plan, report: str, *, bundled: bool) -> Plan:
    bundle = ("bundle", "exec") if bundled else ()
    if plan.framework is Framework.MINITEST:
        return replace(plan, argv=(*bundle, "ruby", "-Ilib", "-Itest", "-e", _RUBY_FILES))
    options = ("--no-color", "--format", "progress", "--format", "json", "--out", report)
    return replace(plan, argv=(*bundle, "rspec", *options), form=Form.RSPEC)


def _of_tree(plan: Plan, tree: Path) -> Plan:
    parts = PurePosixPath(plan.argv[0]).parts
    if ".." in parts:
        raise BadCommand("test_command leaves the tree")
    # The sandbox knows our own programs; one of the tree has to be started from within.
    program = str(tree.joinpath(*parts))
    return replace(plan, argv=("/usr/bin/env", "--", program, *plan.argv[1:]))


def _is_pytest(words: list[str]) -> bool:
    if words[0] in ("pytest", "py.test"):
        return True
    return words[0].startswith("python") and words[1:3] == ["-m", "pytest"]
