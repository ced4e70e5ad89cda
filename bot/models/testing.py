"""A project's own tests: how a run of them ended, and what a change did to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SuiteState(StrEnum):
    """How the tests ended. Only the first is a pass; the last two are no verdict."""

    PASSED = "passed"
    FAILED = "failed"
    NO_FRAMEWORK = "no framework"
    NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteCounts:
    """How many tests there were of each kind; None is unknown, which is not 0."""

    passed: int | None = None
    failed: int | None = None
    errors: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteOutcome:
    """How one run of a project's tests ended."""

    state: SuiteState
    failed: tuple[str, ...] = ()
    """Names of failing tests, as far as they are known: bounded, and perhaps not all."""
    counts: SuiteCounts = field(default_factory=SuiteCounts)
    tail: str = ""
    """The end of what was written, for people."""
    reason: str = ""
    """Why the tests were not run, or what else there is to know about the state."""
    command: str = ""
    """What was run, for people."""
    framework: str = ""
    duration: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteComparison:
    """What a change did to the tests."""

    newly_failing: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    worse: bool = False
    """The change broke something, or nobody can rule it out where it could have been seen."""
    unknown: bool = False
    """The two runs do not tell what the change did; ``reason`` says why."""
    reason: str = ""
