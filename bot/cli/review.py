"""``harness review``: the same review on a local repository, no GitHub, no credentials."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bot import log
from bot.agents.configured import agent_spec, check_kinds, judge_spec
from bot.agents.reviewer import AgentKind, kinds
from bot.checkout.local import LocalRepo
from bot.cli import report
from bot.cli.operator import files_are_ours
from bot.cli.progress import Progress
from bot.cli.scratch import scratch
from bot.clock import Clock, SystemClock
from bot.context.gather import Sources, gather
from bot.context.parts import scoped
from bot.errors import ConfigurationError
from bot.findings.policy import decide
from bot.jobs.memory import MemoryStep
from bot.models import (
    AgentSpec,
    Change,
    Conclusion,
    Decision,
    FailOn,
    Limits,
    Repo,
    RepoConfig,
    ReportState,
    ReviewResult,
    VerifyMode,
    dollars,
)
from bot.models.context import ReviewContext
from bot.models.repo_config import PATH, parse_repo_config
from bot.models.text import visible
from bot.process import Ledger
from bot.publish.render.words import total
from bot.runner import Budget, Budgets, MemoryBook, panelist, review
from bot.sandbox.sandbox import Sandbox
from bot.settings import AgentSettings, Settings, load_settings

LOCAL = Repo(owner="local", name="review")


def run(
    path: Path,
    *,
    base: str | None,
    agents: Sequence[str],
    fail_on: str | None,
    output_format: str,
    output: Path | None,
) -> int:
    """0 clean, 1 findings at or above the failing severity, 2 could not review."""
    if output_format not in report.FORMATS:
        raise ConfigurationError(f"--format {output_format}: there are {', '.join(report.FORMATS)}")
    if output is not None:
        _writable(output)
    settings = load_settings(files=files_are_ours(), fail_on=fail_on)
    log.configure(settings.log_format, level="WARNING")
    result, decision = asyncio.run(_review(settings, path, base, agents))
    text = report.FORMATS[output_format](result, decision)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, "utf-8", errors="surrogateescape")
    return exit_status(result, decision)


def _writable(output: Path) -> None:
    """Told before the review, and not as the exit status that means findings."""
    try:
        output.open("a").close()
    except OSError as error:
        raise ConfigurationError(
            f"--output {visible(str(output))}: cannot write it: {error.strerror}"
        ) from error


def exit_status(result: ReviewResult, decision: Decision) -> int:
    """A review in which a required agent did not finish is no clean review."""
    if any(r.required and r.state is not ReportState.FINISHED for r in result.reports):
        return 2
    if decision.failing:
        return 1
    return 0 if decision.conclusion in (Conclusion.SUCCESS, Conclusion.NEUTRAL) else 2


async def _review(
    settings: Settings, path: Path, base: str | None, names: Sequence[str]
) -> tuple[ReviewResult, Decision]:
    console = Console(stderr=True)
    clock = SystemClock()
    with scratch("harness-") as room:
        ledger = Ledger(room / "processes")
        sandbox = Sandbox(mode=settings.sandbox, ledger=ledger)
        await sandbox.check()
        repo = await LocalRepo.open(path, scratch=room, ledger=ledger)
        config, problems = await config_of(repo, base)
        for problem in problems:
            console.print(f"{visible(problem)} (the defaults apply)", style="yellow", markup=False)
        change = await change_of(repo, base, config)
        known = kinds()
        specs = chosen(settings.agents, config, names, known)
        console.print(
            f"reviewing {change.head_sha[:12]} against {visible(change.base_ref)}:"
            f" {len(change.diff.files)} files, {len(change.skipped)} left out",
            highlight=False,
        )
        if not change.diff.files:
            console.print(
                f"nothing differs from {visible(change.base_ref)}, so there is nothing to review;"
                " --base names another commit to compare with",
                markup=False,
                highlight=False,
            )
        judge = judge_spec(settings.judge, known)
        # Analyzers read the tree, and nothing that anybody says about it.
        reader = None if all(known[s.kind].analyzer for s in specs) else sandbox
        progress = Progress(tuple(s.name for s in specs), console=console, clock=clock)

        async def source() -> Change:
            return change

        with progress:
            result = await review(
                source,
                [panelist(spec, sandbox, known) for spec in specs],
                await local_context(repo, change, config, clock, reader=reader),
                MemoryStep(),
                clock=clock,
                sinks=[progress],
                judge=None if judge is None else panelist(judge, sandbox, known),
                verify=VerifyMode(settings.verify),
                budget=budget_of(settings, clock),
            )
        for line in cost(result):
            console.print(line, markup=False, highlight=False)
    fail_on = config.fail_on_with(FailOn(settings.fail_on))
    decision = decide(
        result.reports,
        result.issues,
        result.carried,
        fail_on,
        head_sha=result.head_sha,
        unread=sum(skipped.unread for skipped in result.skipped),
        held=len(result.held),
    )
    return result, decision


async def local_context(
    repo: LocalRepo,
    change: Change,
    config: RepoConfig,
    clock: Clock,
    *,
    reader: Sandbox | None,
) -> ReviewContext:
    """What reviewers of a local change are told besides the diff. ``reader``: of the tree's
    structure; None where nobody is told.
    """
    sources = Sources(
        repository=repo,
        records=repo.records(),
        launcher=reader,
        now=clock.now,
        instructions=config.instructions,
    )
    return await gather(change, sources)


def budget_of(settings: Settings, clock: Clock) -> Budget:
    """Nothing is known here of other runs: every limit that is set is a limit of this one."""
    limits = Limits(
        run=settings.budget_run_usd, pull=settings.budget_pr_usd, month=settings.budget_month_usd
    )
    return Budgets(MemoryBook(), clock).of_run("local", LOCAL, 0, limits)


def cost(result: ReviewResult) -> list[str]:
    """What it cost, as one line; none where nothing was spent for certain."""
    judge = [result.judge] if result.judge is not None else []
    spent = [(report.agent, report.run.cost_usd) for report in (*result.reports, *judge)]
    if not any(amount is None or amount for _agent, amount in spent):
        return []
    parts = [f"{agent} {dollars(amount)}" for agent, amount in spent if amount != 0]
    together = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    return [f"cost: {total(amount for _agent, amount in spent)}{together}"]


def chosen(
    configured: Sequence[AgentSettings],
    config: RepoConfig,
    names: Sequence[str],
    known: dict[str, AgentKind],
) -> tuple[AgentSpec, ...]:
    """The agents that were named, else those of the configuration.

    A kind that needs no more than its name can be named without being configured.
    """
    specs = {agent.name: agent_spec(agent) for agent in configured}
    if not names:
        wanted = [s for s in specs.values() if config.agents is None or s.name in config.agents]
        check_kinds(tuple(configured), known)
        return tuple(wanted)
    for name in names:
        if name not in specs and name in known and name != "command":
            specs[name] = AgentSpec(name=name, kind=name)
        if name not in specs:
            raise ConfigurationError(
                f"--agent {name}: there is no such agent; configured are"
                f" {', '.join(specs)}, and kinds are {', '.join(known)}"
            )
    return tuple(specs[name] for name in dict.fromkeys(names))


async def config_of(repo: LocalRepo, base: str | None) -> tuple[RepoConfig, tuple[str, ...]]:
    """From the base: what is being reviewed does not configure its own review."""
    content = await repo.show(await repo.base_sha(base), PATH)
    parsed = parse_repo_config("" if content is None else content.decode("utf-8", "replace"))
    return parsed.config, parsed.problems


async def change_of(repo: LocalRepo, base: str | None, config: RepoConfig) -> Change:
    base_sha, head_sha = await repo.base_sha(base), await repo.head_sha()
    diff = await repo.diff(base_sha, head_sha)
    parts, skipped = await asyncio.to_thread(scoped, diff, config.ignored)
    return Change(
        diff=diff,
        workspace=await repo.workspace(base_sha, head_sha),
        head_sha=head_sha,
        base_sha=base_sha,
        base_ref=base or await repo.base_name(),
        skipped=skipped,
        parts=parts,
    )
