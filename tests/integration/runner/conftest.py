"""A small repository with a work tree, and roles that do as they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.models import Finding, Issue, Review, Severity, SuiteOutcome, SuiteState, Work
from tests.fakes.git_repo import git

BUG = "def add(a, b):\n    return a - b\n"
FIX = "def add(a, b):\n    return a + b\n"
OPEN = Review(
    findings=(
        Finding(
            agent="", severity=Severity.MAJOR, file="app.py", line=2,
            title="add subtracts", description="`add` returns the difference of a and b",
        ),
    ),
    guidance="look at the sign",
)  # fmt: skip
CLEAN = Review(summary="nothing to report")
PASSED = SuiteOutcome(state=SuiteState.PASSED)
FAILED = SuiteOutcome(
    state=SuiteState.FAILED, failed=("tests/test_app.py::test_add",), tail="assert -1 == 3"
)


@dataclass
class Script:
    """Plays all four roles: the next entry of each list is written, said or raised."""

    tree: Path
    calls: list[str] = field(default_factory=list)
    executes: list[Any] = field(default_factory=list)
    refactors: list[Any] = field(default_factory=list)
    reviews: list[Any] = field(default_factory=list)
    tests: list[Any] = field(default_factory=list)
    plans: list[Any] = field(default_factory=list)
    given: list[tuple[tuple[Issue, ...], str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def execute(self, plan: str) -> Any:
        self.calls.append("execute")
        self.asked.append(("execute", plan))
        return await self._work(self.executes.pop(0))

    async def refactor(self, issues: Sequence[Issue], guidance: str) -> Any:
        self.calls.append("refactor")
        self.given.append((tuple(issues), guidance))
        return await self._work(self.refactors.pop(0))

    async def review(self, diff: str, context: str) -> Any:
        self.calls.append("review")
        self.asked.append(("review", diff))
        return await self._say(self.reviews.pop(0))

    async def plan(self, task: str) -> Any:
        self.calls.append("plan")
        self.asked.append(("plan", task))
        return await self._say(self.plans.pop(0))

    async def run_tests(self) -> Any:
        self.calls.append("test")
        return await self._say(self.tests.pop(0))

    async def _work(self, entry: Any) -> Any:
        if isinstance(entry, dict):
            for name, text in entry.items():
                (self.tree / name).write_text(text)
            return Work(summary="done")
        return await self._say(entry)

    async def _say(self, entry: Any) -> Any:
        if isinstance(entry, BaseException):
            raise entry
        return await entry() if callable(entry) else entry


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    (path / "app.py").write_text("x = 1\n")
    git(path, "add", "-A")
    git(path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "start")
    return path


@pytest.fixture
def script(tree: Path) -> Callable[..., Script]:
    return lambda **lists: Script(tree=tree, **lists)
