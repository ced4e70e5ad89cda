"""What a run of the loop is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.clock import Clock, SystemClock
from bot.errors import ConfigurationError
from bot.jobs.memory import MemoryStep
from bot.models import FailOn, Issue, KnownIssue
from bot.runner.bench import Bench
from bot.runner.hooks import Hook
from bot.runner.member import Step
from bot.runner.roles import Developer, Panel, Planner, Reviewer, Tester

MAX_ITERATIONS = 3
STEP_SECONDS = 3600.0
"""For a role that keeps no time of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A run of the loop. Two roles are required; the rest has a default that does no harm."""

    developer: Developer
    reviewer: Reviewer | Panel
    planner: Planner | None = None
    tester: Tester | None = None
    max_iterations: int = MAX_ITERATIONS
    task_id: str = ""
    worktree_path: Path | None = None
    """A git work tree without changes, in which a developer of your own works. Agents behind a
    fence work on a ``bench``, in a copy.
    """
    task: str = ""
    """What to do, as text for the planner and the developer."""
    context: str = ""
    """Given to the reviewer with each diff."""
    targets: tuple[Issue, ...] = ()
    """Issues to repair; the loop is not done early while one of them is open."""
    known: tuple[KnownIssue, ...] = ()
    """Every issue that is known before it begins, open or not."""
    fail_on: FailOn = FailOn.MAJOR
    """The lowest severity that keeps the loop from ending well."""
    bench: Bench | None = None
    """In place of ``worktree_path``: a tree that is not a user's own."""
    step: Step = field(default_factory=MemoryStep)
    hooks: tuple[Hook, ...] = ()
    step_seconds: float = STEP_SECONDS
    clock: Clock = field(default_factory=SystemClock)


def check(config: Config) -> None:
    """`ConfigurationError` names all that is wrong at once."""
    wrong = [
        f"{name} has no {methods}"
        for name, role, kinds, methods in _roles(config)
        if not isinstance(role, kinds)
    ]
    if config.max_iterations < 1:
        wrong.append("max_iterations must be at least 1")
    if config.step_seconds <= 0:
        wrong.append("step_seconds must be more than 0")
    if config.bench is None and config.worktree_path is None:
        wrong.append("there is no worktree_path")
    if not config.task.strip() and not config.targets:
        wrong.append("there is nothing to do: no task and no issue")
    if wrong:
        raise ConfigurationError(f"the loop cannot run: {'; '.join(wrong)}")


def _roles(config: Config) -> Iterator[tuple[str, object, tuple[type, ...], str]]:
    yield "developer", config.developer, (Developer,), "execute() or no refactor()"
    yield "reviewer", config.reviewer, (Reviewer, Panel), "review()"
    if config.planner is not None:
        yield "planner", config.planner, (Planner,), "plan()"
    if config.tester is not None:
        yield "tester", config.tester, (Tester,), "run_tests()"
