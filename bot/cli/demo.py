"""``harness demo``: the embedded GitHub beside the real bot."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import log
from bot.agents.reviewer import kinds
from bot.app import Running, free_port, running
from bot.cli.operator import files_are_ours
from bot.cli.review import chosen
from bot.cli.scratch import scratch
from bot.demo import EmbeddedGitHub
from bot.errors import ConfigurationError, HarnessError
from bot.models import PullRequest, RepoConfig, ReportState, RunState
from bot.models.text import visible
from bot.settings import AgentSettings, Settings, load_settings

PATIENCE = 600.0
"""Seconds after which the demo gives up waiting for the review."""
POLL = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Both sides, running, with one pull request."""

    github: EmbeddedGitHub
    harness: Running
    pull: PullRequest


class DemoFailed(HarnessError):
    """The review was not posted."""


def run(
    *, once: bool, repo: Path | None, base: str | None, head: str | None, agents: Sequence[str]
) -> int:
    """0 only if the review really was posted."""
    files = files_are_ours()
    settings = load_settings(files=files)
    log.configure(settings.log_format, level="WARNING")
    if repo is None and (base or head):
        raise ConfigurationError("--base and --head are of a repository of yours: name it, --repo")
    return asyncio.run(_show(settings, files, once, repo, base, head, agents))


async def _show(
    settings: Settings,
    files: bool,
    once: bool,
    repo: Path | None,
    base: str | None,
    head: str | None,
    agents: Sequence[str],
) -> int:
    console = Console()
    async with staged(settings, repo, base, head, agents, files=files) as stage:
        console.print(f"pull request  {stage.github.page(stage.pull)}", highlight=False)
        console.print(f"its runs      {stage.harness.url}/", highlight=False)
        posted = await _watch(stage, console)
        await _result(stage, console)
        if once or not posted:
            return 0 if posted else 1
        console.print(f"operator token  {stage.harness.operator_token}", highlight=False)
        console.print("Both pages stay up until Ctrl-C.", style="dim")
        with suppress(asyncio.CancelledError):  # Ctrl-C, after all is done: a good end
            await asyncio.Event().wait()
    return 0


@asynccontextmanager
async def staged(
    settings: Settings,
    repo: Path | None,
    base: str | None,
    head: str | None,
    agents: Sequence[str],
    *,
    files: bool = True,
) -> AsyncIterator[Stage]:
    """Start both, open the pull request, send its delivery."""
    with scratch("harness-demo-") as room:
        github = EmbeddedGitHub(room / "github")
        await github.start()
        try:
            async with running(
                _demo_settings(settings, github, room, agents, files=files)
            ) as harness:
                github.webhook_url = f"{harness.url}/webhook"
                pull = await _open(github, repo, base, head)
                yield Stage(github=github, harness=harness, pull=pull)
        finally:
            await github.stop()


async def _open(
    github: EmbeddedGitHub, repo: Path | None, base: str | None, head: str | None
) -> PullRequest:
    if repo is None:
        return await github.open_sample()
    return await github.open_from(repo, base=base, head=head or "HEAD")


def _demo_settings(
    settings: Settings,
    github: EmbeddedGitHub,
    room: Path,
    agents: Sequence[str],
    *,
    files: bool,
) -> Settings:
    known = kinds()
    extra = [spec for spec in chosen(settings.agents, RepoConfig(), agents, known) if agents]
    names = {agent.name for agent in settings.agents}
    added = tuple(
        AgentSettings(name=spec.name, kind=spec.kind) for spec in extra if spec.name not in names
    )
    port = free_port()
    return load_settings(
        files=files,
        app_id=str(github.app_id),
        private_key=github.private_key,
        webhook_secret=github.webhook_secret,
        github_api_url=github.api_url,
        github_url=github.url,
        data_dir=room / "data",
        database_url="",
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        agents=(*settings.agents, *added),
    )


async def _watch(stage: Stage, console: Console) -> bool:
    """Follow the run until it ends; True when GitHub shows what it should."""
    told = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                runs = await stage.harness.store.runs(1)
                check = stage.github.check(stage.pull)
                words = check.title if check is not None else "waiting for the delivery"
                if words != told:
                    console.print(f"  {visible(words)}", highlight=False)
                    told = words
                if runs and runs[0].state not in (RunState.WAITING, RunState.RUNNING):
                    return was_posted(stage)
                await asyncio.sleep(POLL)
    except TimeoutError:
        console.print(f"no review after {PATIENCE:.0f} s", style="red")
        return False


def was_posted(stage: Stage) -> bool:
    """A completed check on exactly this head, and the summary on the pull request."""
    check = stage.github.check(stage.pull)
    return (
        check is not None
        and check.status == "completed"
        and check.head_sha == stage.pull.head_sha
        and check.conclusion in ("success", "failure")
        and stage.github.summary(stage.pull) is not None
    )


async def _result(stage: Stage, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("where", "comment"):
        table.add_column(heading, overflow="fold")
    for comment in stage.github.review_comments(stage.pull):
        place = f"{comment.path}:{comment.line}" if comment.line else comment.path
        first = comment.body.splitlines()[0] if comment.body else ""
        table.add_row(visible(place), visible(_without_marks(first)))
    if table.row_count:
        console.print(table, markup=False)
    for run in await stage.harness.store.runs(1):
        for report in await stage.harness.store.agent_reports(run.id):
            if report.state is not ReportState.FINISHED:
                reason = visible(report.reason)
                console.print(f"{report.agent} did not finish: {reason}", markup=False)
    check = stage.github.check(stage.pull)
    if check is not None:
        console.print(f"check: {check.conclusion or check.status}, {visible(check.title)}")


def _without_marks(line: str) -> str:
    """A terminal shows Markdown's emphasis and escapes as they are written."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line.replace("**", ""))
