"""``harness refactor``: the loop on a local repository, in a copy; a branch only when asked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot import log
from bot.agents.configured import agent_spec, developer_spec, first_developer, planner_spec
from bot.agents.reviewer import AgentKind, kinds
from bot.checkout.draft import Signature
from bot.checkout.local import LocalRepo
from bot.cli.operator import files_are_ours
from bot.cli.progress import Progress
from bot.cli.review import budget_of, change_of, chosen, config_of, local_context
from bot.cli.scratch import scratch
from bot.clock import Clock, SystemClock
from bot.errors import ConfigurationError
from bot.jobs.memory import MemoryStep
from bot.models import (
    AgentSpec,
    Change,
    Draft,
    FailOn,
    LoopResult,
    LoopStatus,
    RepoConfig,
    ReviewResult,
    StepRecord,
)
from bot.models.context import ReviewContext
from bot.models.text import visible
from bot.process import Ledger
from bot.publish import render
from bot.runner import Config, panelist, review
from bot.runner import run as run_loop
from bot.runner.bench import WHO, Bench, local_bench
from bot.runner.hooks import StepEnded, StepStarted, Transition
from bot.runner.players import TEST_SECONDS, AgentDeveloper, AgentPanel, AgentPlanner, SuiteTester
from bot.runner.rules import allowing, files_of
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings, load_settings

EXIT = {LoopStatus.SUCCESS: 0, LoopStatus.FAILED: 1}
"""Everything else is 2: nothing is known of what was not looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the command line says."""

    base: str | None = None
    agents: tuple[str, ...] = ()
    task: str = ""
    rounds: int | None = None
    branch: str = ""
    also: tuple[str, ...] = ()


def run(path: Path, wishes: Wishes) -> int:
    """0 repaired (or nothing to repair), 1 not, 2 could not."""
    settings = load_settings(files=files_are_ours(), max_iterations=wishes.rounds)
    log.configure(settings.log_format, level="WARNING")
    return asyncio.run(_refactor(settings, path, wishes))


async def _refactor(settings: Settings, path: Path, wishes: Wishes) -> int:
    console = Console(stderr=True)
    clock = SystemClock()
    with scratch("harness-") as room:
        ledger = Ledger(room / "processes")
        sandbox = Sandbox(mode=settings.sandbox, ledger=ledger)
        await sandbox.check()
        repo = await LocalRepo.open(path, scratch=room, ledger=ledger)
        if wishes.branch and await repo.resolve(f"refs/heads/{wishes.branch}") is not None:
            raise ConfigurationError(f"--branch {visible(wishes.branch)}: there is one already")
        config, problems = await config_of(repo, wishes.base)
        for problem in problems:
            console.print(f"{visible(problem)} (the defaults apply)", style="yellow", markup=False)
        change = await change_of(repo, wishes.base, config)
        known = kinds()
        context = await local_context(repo, change, config, clock, reader=sandbox)
        made = _Local(
            settings, config, change, repo, sandbox, known, clock, console, wishes, context
        )
        if not change.diff.files and not wishes.task:
            raise ConfigurationError(
                f"nothing differs from {visible(change.base_ref)}, so there is nothing to repair;"
                " --base names another commit, --task says what else to do"
            )
        found = None if wishes.task else await made.reviewed()
        if found is not None and not found.issues:
            console.print("nothing to repair: the reviewers found nothing")
            return 0
        result = await made.repaired(found)
        _tell(console, result)
        if result.draft is not None:
            sys.stdout.buffer.write(result.draft.patch)
            sys.stdout.flush()
        if wishes.branch and result.draft is not None:
            await made.branched(result)
        return EXIT.get(result.status, 2)


class _Local:
    """One run on one repository."""

    def __init__(
        self,
        settings: Settings,
        config: RepoConfig,
        change: Change,
        repo: LocalRepo,
        sandbox: Sandbox,
        known: dict[str, AgentKind],
        clock: Clock,
        console: Console,
        wishes: Wishes,
        context: ReviewContext,
    ) -> None:
        self._settings = settings
        self._config = config
        self._change = change
        self._repo = repo
        self._sandbox = sandbox
        self._known = known
        self._clock = clock
        self._console = console
        self._wishes = wishes
        self._context = context
        self._budget = budget_of(settings, clock)
        self._specs = chosen(settings.agents, config, wishes.agents, known)
        self._bench = self._made_bench()

    async def reviewed(self) -> ReviewResult:
        """What there is to repair; a reviewer that did not finish keeps nobody from repairing."""
        progress = Progress(
            tuple(s.name for s in self._specs), console=self._console, clock=self._clock
        )

        async def source() -> Change:
            return self._change

        with progress:
            return await review(
                source,
                [panelist(spec, self._sandbox, self._known) for spec in self._specs],
                self._context,
                MemoryStep(),
                clock=self._clock,
                sinks=[progress],
                budget=self._budget,
            )

    async def repaired(self, found: ReviewResult | None) -> LoopResult:
        developer = _developer(self._settings, self._specs, self._known)
        also = self._also()
        return await run_loop(
            Config(
                developer=AgentDeveloper(
                    panelist(developer, self._sandbox, self._known),
                    self._bench,
                    self._context,
                    clock=self._clock,
                    also=also,
                    budget=self._budget,
                ),
                planner=self._planner(),
                reviewer=AgentPanel(
                    [panelist(spec, self._sandbox, self._known) for spec in self._specs],
                    self._bench,
                    self._context,
                    clock=self._clock,
                    budget=self._budget,
                ),
                tester=SuiteTester(
                    self._bench,
                    self._sandbox,
                    clock=self._clock,
                    command=self._config.test_command,
                ),
                max_iterations=self._settings.max_iterations,
                task_id="local",
                task=self._wishes.task,
                targets=found.issues if found is not None else (),
                fail_on=self._config.fail_on_with(FailOn(self._settings.fail_on)),
                bench=self._bench,
                step_seconds=developer.timeout + TEST_SECONDS,
                hooks=(self._heard,),
                clock=self._clock,
            )
        )

    def _planner(self) -> AgentPlanner | None:
        spec = planner_spec(self._settings.planner, self._known)
        if spec is None:
            return None
        return AgentPlanner(
            panelist(spec, self._sandbox, self._known),
            self._bench,
            self._context,
            clock=self._clock,
            budget=self._budget,
        )

    async def branched(self, result: LoopResult) -> None:
        """The work as one commit on a new branch; nothing else of the repository is touched."""
        self._bench.draft = result.draft
        message = render.commit_message(result, run_id="local", co_author="")
        commit = await self._bench.commit(message)
        await self._repo.write_branch(self._wishes.branch, commit, onto=self._change.head_sha)
        self._console.print(
            f"{commit[:12]} is on the new branch {visible(self._wishes.branch)}", markup=False
        )

    def _made_bench(self) -> Bench:
        change = self._change
        free = not change.diff.files  # a task of its own may touch whatever it needs
        rule = allowing(
            files_of(change.diff),
            ("*",) if free else self._also(),
            may_change_workflows=self._config.refactor_workflows,
        )
        drafts = self._repo.drafting(
            change.base_sha,
            change.head_sha,
            signature=Signature(
                name=WHO.name, email=WHO.email, seconds=int(self._clock.now().timestamp())
            ),
            rule=rule,
        )
        return local_bench(self._repo, drafts, change, ignored=self._config.ignored)

    def _also(self) -> tuple[str, ...]:
        return (*self._config.refactor_also, *self._wishes.also)

    def _heard(self, transition: Transition) -> None:
        match transition:
            case StepStarted(name=name):
                self._console.print(f"{name} …", style="dim", highlight=False)
            case StepEnded(record=StepRecord(error=error)) if error:
                self._console.print(f"  {visible(error)}", style="yellow", markup=False)
            case _:
                pass


def _developer(
    settings: Settings, specs: Sequence[AgentSpec], known: dict[str, AgentKind]
) -> AgentSpec:
    named = developer_spec(settings.developer, known)
    agents = [*specs, *map(agent_spec, settings.agents)]
    found = named or first_developer(agents, known)
    if found is None:
        raise ConfigurationError(
            "nobody here can write code: name a developer in HARNESS_DEVELOPER (see the README,"
            " Coding agents)"
        )
    return found


def _tell(console: Console, result: LoopResult) -> None:
    words = {
        LoopStatus.SUCCESS: "repaired",
        LoopStatus.FAILED: "not repaired",
        LoopStatus.ERROR: "could not be finished",
        LoopStatus.CANCELLED: "cancelled",
        LoopStatus.OVER_BUDGET: "stopped by a limit of money",
    }
    console.print(f"{words[result.status]}: {visible(result.reason)}", markup=False)
    for issue in result.open:
        place = f"{issue.file}:{issue.line}" if issue.line else issue.file
        why = f" ({issue.reason})" if issue.reason else ""
        text = f"  open: {place}  {issue.severity.value}  {issue.title}{why}"
        console.print(visible(text), markup=False, highlight=False)
    draft: Draft | None = result.draft
    for left in draft.left_out if draft is not None else ():
        console.print(f"  left out: {visible(left.path)} ({left.reason})", markup=False)
    if result.cost:
        console.print(f"cost: {result.total}", markup=False, highlight=False)
