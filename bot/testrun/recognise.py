"""Which test frameworks does a folder use? One function for each language; nothing is executed.

What a file says only selects among our own command lines. Strong evidence is a framework's own
configuration, a dependency of exactly its name, or test files; a file that merely shows the
language counts where there is nothing better, and only at the root.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.testrun.folder import Folder
from bot.testrun.frameworks import Framework

_PYTHON = ("pyproject.toml", "setup.cfg", "tox.ini", "setup.py", "Pipfile", "noxfile.py")
_PYTEST_FILES = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "conftest.py")
_REQUIREMENTS = re.compile(
    r"(?:requirements/)?[\w.-]*requirements[\w.-]*\.(?:txt|in)|requirements/.+\.txt"
)
_PY_TEST = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test|tests)\.py")
_WORD_PYTEST = re.compile(r"(?<![\w-])pytest(?![\w])")
_IMPORTS_PYTEST = re.compile(r"^\s*(?:import|from)\s+pytest\b", re.MULTILINE)
_IMPORTS_UNITTEST = re.compile(
    r"^\s*(?:import|from)\s+(?:unittest\b(?!\.mock|\s+import\s+mock)|django\.test\b)", re.MULTILINE
)
_SAMPLE = 40
_NO_SCRIPT = "no test specified"
_CHAIN = re.compile(r"[&|;<>`$()]")
_JS = {
    Framework.VITEST: re.compile(r"(?<![\w@/.-])vitest(?![\w/-])"),
    Framework.JEST: re.compile(r"(?<![\w@/.-])jest(?![\w/-])"),
    Framework.MOCHA: re.compile(r"(?<![\w@/.-])_?mocha(?![\w/-])"),
}
_JS_FILES = {
    Framework.VITEST: re.compile(r"vitest\.(?:config|workspace)\.\w+"),
    Framework.JEST: re.compile(r"jest\.config\.\w+"),
    Framework.MOCHA: re.compile(r"\.mocharc\.\w+|test/mocha\.opts"),
}
_SPEC = re.compile(r"spec/(?:.*/)?[^/]*_spec\.rb")
_RUBY_TEST = re.compile(r"test/(?:.*/)?(?:[^/]*_test|test_[^/]*)\.rb")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """A framework. ``weak``: only its language shows, no test and no configuration."""

    framework: Framework
    weak: bool = False
    script: bool = False


def recognise(folder: Folder, *, root: bool = True) -> tuple[Recognised, ...]:
    """All that this folder uses, its main one first."""
    found = [r for recogniser in _RECOGNISERS for r in recogniser(folder)]
    strong = [r for r in found if not r.weak]
    if strong:
        main = [r for r in strong if r.framework is not Framework.NPM]
        # A package that only serves another language's documentation has a script as well.
        return tuple(main or strong)
    return tuple(found[:1]) if root else ()


def _python(folder: Folder) -> Iterator[Recognised]:
    tests = sorted(p for p in folder.paths if _PY_TEST.fullmatch(p))
    requirements = sorted(p for p in folder.paths if _REQUIREMENTS.fullmatch(p))
    if folder.has(*_PYTEST_FILES) or _WORD_PYTEST.search(folder.text(*_PYTHON, *requirements)):
        yield Recognised(framework=Framework.PYTEST, weak=not (tests or _configured(folder)))
    elif tests:
        yield Recognised(framework=_python_style(folder, tests))
    elif folder.has(*_PYTHON) or requirements:
        yield Recognised(framework=Framework.PYTEST, weak=True)


def _configured(folder: Folder) -> bool:
    return folder.has(*_PYTEST_FILES) or "pytest" in folder.text("pyproject.toml", "tox.ini")


def _python_style(folder: Folder, tests: list[str]) -> Framework:
    if any(p.rpartition("/")[2] == "conftest.py" for p in folder.paths):
        return Framework.PYTEST
    text = folder.text(*tests[:_SAMPLE])
    if _IMPORTS_UNITTEST.search(text) and not _IMPORTS_PYTEST.search(text):
        return Framework.UNITTEST
    return Framework.PYTEST


def _javascript(folder: Folder) -> Iterator[Recognised]:
    if not folder.has("package.json"):
        return
    package = _object(folder.text("package.json"))
    script = _script(package)
    framework = _javascript_framework(folder, package, script)
    if framework is not None:
        alone = script != "" and not _CHAIN.search(script)
        mine = alone and _JS[framework].search(script) is not None
        yield Recognised(framework=framework, script=mine)
    elif script and _NO_SCRIPT not in script:
        yield Recognised(framework=Framework.NPM, script=True)


def _javascript_framework(folder: Folder, package: dict[str, Any], script: str) -> Framework | None:
    """By its script, else by its own configuration, else by what it depends on."""
    named = [f for f, pattern in _JS.items() if pattern.search(script)]
    if named:
        return named[0]
    for framework, pattern in _JS_FILES.items():
        if framework in package or any(pattern.fullmatch(p) for p in folder.paths):
            return framework
    needed = {
        name
        for key in ("dependencies", "devDependencies")
        if isinstance(package.get(key), dict)
        for name in package[key]
    }
    if script and _NO_SCRIPT not in script:
        # It has a way of its own to test; a dependency may be there for something else.
        needed &= {f for f in _JS if f in script}
    return next((f for f in _JS if f in needed), None)


def _go(folder: Folder) -> Iterator[Recognised]:
    if folder.has("go.mod", "go.work"):
        yield Recognised(framework=Framework.GO)


def _rust(folder: Folder) -> Iterator[Recognised]:
    if folder.has("Cargo.toml"):
        yield Recognised(framework=Framework.CARGO)


def _java(folder: Folder) -> Iterator[Recognised]:
    if folder.has("pom.xml"):
        yield Recognised(framework=Framework.MAVEN)
    elif folder.has("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"):
        yield Recognised(framework=Framework.GRADLE)


def _ruby(folder: Folder) -> Iterator[Recognised]:
    gems = folder.text("Gemfile")
    specs = any(_SPEC.fullmatch(p) for p in folder.paths)
    tests = any(_RUBY_TEST.fullmatch(p) for p in folder.paths)
    at_home = folder.has("Gemfile", "Rakefile", ".rspec") or any(
        p.endswith(".gemspec") and "/" not in p for p in folder.paths
    )
    if not at_home:
        return
    if specs or folder.has(".rspec"):
        yield Recognised(framework=Framework.RSPEC)
    if tests:
        yield Recognised(framework=Framework.MINITEST)
    if not (specs or tests or folder.has(".rspec")):
        if "rspec" in gems:
            yield Recognised(framework=Framework.RSPEC, weak=True)
        elif "minitest" in gems:
            yield Recognised(framework=Framework.MINITEST, weak=True)


_RECOGNISERS: tuple[Callable[[Folder], Iterator[Recognised]], ...] = (
    _go, _rust, _java, _ruby, _python, _javascript,
)  # fmt: skip


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _script(package: dict[str, Any]) -> str:
    scripts = package.get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script if isinstance(script, str) else ""
