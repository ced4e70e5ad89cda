"""The roles of the loop, played by the agents of `bot.agents` and by the project's own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from bot.agents.programs import search_path
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.repair import PLAN, TASK, compose_repair
from bot.models import (
    AgentRun,
    AgentStatus,
    Change,
    Draft,
    Event,
    FileStatus,
    Issue,
    KnownIssue,
    ModelUsage,
    Plan,
    ReviewResult,
    Role,
    RunSummary,
    SuiteOutcome,
    Work,
)
from bot.models.context import ReviewContext
from bot.runner.account import used
from bot.runner.bench import Bench
from bot.runner.budget import Budget
from bot.runner.member import Panelist, Step
from bot.runner.panel import review
from bot.runner.question import ask
from bot.runner.roles import PlayFailed
from bot.sandbox.identity import SEARCH, barrier, service_user
from bot.sandbox.port import Launcher
from bot.testrun.run import SYSTEM, run_tests

TEST_SECONDS = 900.0
MAX_SUMMARY = 4_000


class _Agent:
    """One agent with a bench. ``also``: patterns of paths that it may change besides the files of
    the change; it is told so, and what else it changes is left out by the bench.
    """

    def __init__(
        self,
        agent: Panelist,
        bench: Bench,
        context: ReviewContext,
        *,
        clock: Clock,
        also: Sequence[str] = (),
        sinks: Sequence[Sink] = (),
        budget: Budget | None = None,
    ) -> None:
        self._agent = agent
        self._bench = bench
        self._context = context
        self._clock = clock
        self._also = also
        self._sinks = sinks
        self._budget = budget

    async def _play(
        self, role: Role, step: str, head: str, task: str, issues: Sequence[Issue]
    ) -> AgentRun:
        """Its run, if it did well; else `PlayFailed` with what it cost."""
        now = await self._bench.diff()
        files = [file.path for file in now.files if file.status is not FileStatus.DELETED]

        def compose(change: Change) -> str:
            return compose_repair(
                task,
                issues,
                now,
                self._context,
                head=head,
                allowed=(*files, *self._also),
                ignored={skipped.path for skipped in change.skipped},
                own_words=self._agent.spec.prompt,
            ).text

        name = self._agent.spec.name
        run = await ask(
            self._agent,
            compose,
            self._bench.desk,
            name=f"{name} ({role.value})",
            step=step,
            clock=self._clock,
            sinks=self._sinks,
            budget=self._budget,
            role=role,
        )
        if run.status is not AgentStatus.SUCCEEDED:
            kind, reason = (
                (run.error.kind.value, run.error.message)
                if run.error is not None
                else ("crashed", run.status.value)
            )
            raise PlayFailed(f"{name}: {reason}", kind, name, self._used(run))
        return run

    def _used(self, run: AgentRun) -> tuple[ModelUsage, ...]:
        return used(run, self._agent.spec.model)


class AgentDeveloper(_Agent):
    """A coding agent that may write the tree."""

    async def execute(self, plan: str) -> Work:
        return self._worked(await self._play(Role.DEVELOPER, "execute", TASK, plan, ()))

    async def refactor(self, issues: Sequence[Issue], guidance: str) -> Work:
        return self._worked(await self._play(Role.DEVELOPER, "refactor", TASK, guidance, issues))

    def _worked(self, run: AgentRun) -> Work:
        return Work(
            summary=run.answer.strip()[-MAX_SUMMARY:],
            agent=self._agent.spec.name,
            usage=self._used(run),
        )


class AgentPlanner(_Agent):
    """A coding agent that reads the tree and says what to do."""

    async def plan(self, task: str) -> Plan:
        run = await self._play(Role.PLANNER, "plan", PLAN, task, ())
        return Plan(text=run.answer, agent=self._agent.spec.name, usage=self._used(run))


class AgentPanel:
    """All reviewers, by the one path of every kind of review."""

    def __init__(
        self,
        agents: Sequence[Panelist],
        bench: Bench,
        context: ReviewContext,
        *,
        clock: Clock,
        sinks: Sequence[Sink] = (),
        budget: Budget | None = None,
    ) -> None:
        self._agents = agents
        self._bench = bench
        self._context = context
        self._clock = clock
        self._sinks = [_OneOfSeveral(sink) for sink in sinks]
        self._budget = budget

    async def assess(self, known: Sequence[KnownIssue], step: Step) -> ReviewResult:
        return await review(
            partial(self._bench.change, known),
            self._agents,
            self._context,
            step,
            clock=self._clock,
            sinks=self._sinks,
            budget=self._budget,
        )


class _OneOfSeveral:
    """A sink that is told the end of the whole run by somebody else."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def agent_event(self, agent: str, event: Event) -> None:
        self._sink.agent_event(agent, event)

    def run_finished(self, summary: RunSummary) -> None:
        """Of one round; there may be more."""


class SuiteTester:
    """The project's own tests, behind the tester's fence."""

    def __init__(
        self,
        bench: Bench,
        sandbox: Launcher,
        *,
        clock: Clock,
        command: str = "",
        changed: Collection[str] = (),
        seconds: float = TEST_SECONDS,
    ) -> None:
        self._bench = bench
        self._sandbox = sandbox
        self._clock = clock
        self._command = command
        self._changed = tuple(changed)
        self._seconds = seconds

    async def run_tests(self) -> SuiteOutcome:
        return await self._run(self._bench.draft)

    async def run_tests_before(self) -> SuiteOutcome:
        return await self._run(None)

    async def _run(self, draft: Draft | None) -> SuiteOutcome:
        async with self._bench.copy(draft) as tree:
            return await run_tests(
                tree,
                sandbox=self._sandbox,
                clock=self._clock,
                timeout=self._seconds,
                command=self._command,
                changed=self._changed or (draft.paths if draft is not None else ()),
                search=await asyncio.to_thread(_reachable, (*search_path(), *SYSTEM)),
            )


def _reachable(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Those of the operator's ``PATH`` in which the user of the tests finds programs."""
    user = service_user()
    there = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
    if user is None:
        return tuple(there)
    return tuple(
        folder
        for folder in there
        if user.may(folder.stat(), SEARCH) and barrier(folder.resolve(), user) is None
    )
