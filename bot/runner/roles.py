"""The four roles of the loop. A developer and a reviewer are required; the others are optional.

The loop talks to roles and never to a model. `bot.runner.players` plays them with the agents of
`bot.agents`; anybody's own class will do that has the methods. Whatever a role raises ends its turn
and not the process: `OverBudget` says that money ran out, `AgentFailed` why it could not play.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from bot.errors import AgentFailed
from bot.models import (
    FailureKind,
    Issue,
    KnownIssue,
    ModelUsage,
    Plan,
    Review,
    ReviewResult,
    SuiteOutcome,
    Work,
)
from bot.runner.member import Step

PASSING = frozenset({FailureKind.NETWORK, FailureKind.RATE_LIMIT, FailureKind.TIMEOUT})
"""Failures after which the next try may do better."""


@runtime_checkable
class Developer(Protocol):
    """Changes the files of the work tree. What it says of its work is for people only."""

    async def execute(self, plan: str) -> Work | str | None:
        """Do the task: its words, and the planner's where there is one."""
        ...

    async def refactor(self, issues: Sequence[Issue], guidance: str) -> Work | str | None:
        """Mend what a review and the tests found: ``guidance`` names failing tests."""
        ...


@runtime_checkable
class Reviewer(Protocol):
    """Reads a change. It passes if its findings allow it, not because it says so."""

    async def review(self, diff: str, context: str) -> Review: ...


@runtime_checkable
class Panel(Protocol):
    """Several reviewers with one result: the path of every kind of review (`bot.runner.review`)."""

    async def assess(self, known: Sequence[KnownIssue], step: Step) -> ReviewResult:
        """Of the draft that the bench shows. ``known``: what is known of issues before it."""
        ...


@runtime_checkable
class Planner(Protocol):
    """Says how to go about the task before anything is changed."""

    async def plan(self, task: str) -> Plan | str: ...


@runtime_checkable
class Tester(Protocol):
    """Runs the project's tests with the work so far."""

    async def run_tests(self) -> SuiteOutcome: ...


@runtime_checkable
class ComparingTester(Tester, Protocol):
    """One that can run the tests of the commit that the work began with."""

    async def run_tests_before(self) -> SuiteOutcome: ...


class PlayFailed(AgentFailed):
    """An agent did not finish its turn; ``usage`` is what that cost."""

    def __init__(
        self, message: str, kind: str = "crashed", agent: str = "", usage: Sequence[ModelUsage] = ()
    ) -> None:
        super().__init__(message, kind)
        self.args = (message, kind, agent, tuple(usage))

    @property
    def agent(self) -> str:
        return str(self.args[2])

    @property
    def usage(self) -> tuple[ModelUsage, ...]:
        usage: tuple[ModelUsage, ...] = self.args[3]
        return usage
