"""``harness runs``: what ran, from the store."""

from __future__ import annotations

import asyncio
import sys

from rich.console import Console
from rich.table import Table

from bot.errors import ConfigurationError
from bot.models import CostLine, RunRecord, dollars
from bot.models.text import visible
from bot.settings import Settings, load_settings
from bot.store import Store, sqlite_url
from bot.tasks.refactor_plan import patch_of

LIMIT = 30


def run(run_id: str | None, *, patch: bool = False) -> int:
    """Exit 2 for an unknown run."""
    if patch and run_id is None:
        raise ConfigurationError("--patch: of which run? `harness runs` lists them")
    return asyncio.run(_run(load_settings(), run_id, patch=patch))


async def _run(settings: Settings, run_id: str | None, *, patch: bool) -> int:
    file = settings.data_dir.absolute() / "harness.sqlite"
    if not settings.database_url and not file.exists():
        raise ConfigurationError(f"there is no database in {settings.data_dir}; nothing ran yet")
    store = await Store.open(settings.database_url or sqlite_url(file.parent))
    try:
        if run_id is None:
            found = await store.runs(LIMIT)
            if found:
                _list(found)
            else:
                Console().print("nothing ran yet")
            return 0
        return await (_patch(store, run_id) if patch else _show(store, run_id))
    finally:
        await store.close()


async def _patch(store: Store, run_id: str) -> int:
    found = await store.run(run_id)
    key = patch_of(found.repo.full_name, found.number, run_id) if found is not None else ""
    data = await store.get_blob(key)
    if data is None:
        raise ConfigurationError(f"run {visible(run_id)} came to no patch")
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
    return 0


def _list(runs: list[RunRecord]) -> None:
    table = Table(box=None)
    for heading in ("run", "pull request", "head", "state", "result", "started (UTC)"):
        table.add_column(heading, overflow="fold")
    for item in runs:
        table.add_row(
            item.id,
            visible(f"{item.repo.full_name}#{item.number}"),
            item.head_sha[:7],
            item.state.value,
            visible(item.title),
            f"{item.started_at:%Y-%m-%d %H:%M}",
        )
    Console().print(table, markup=False)


def _costs(lines: list[CostLine]) -> Table:
    """By agent and model: what was counted against limits."""
    table = Table(title="\nModels", title_justify="left", box=None)
    for heading in ("agent", "step", "role", "model", "calls", "in", "from cache", "out", "cost"):
        table.add_column(heading, overflow="fold")
    for line in lines:
        table.add_row(
            visible(line.agent),
            visible(line.step),
            line.role,
            visible(line.model) or "unknown",
            str(line.cost.calls),
            f"{line.input:,}",
            f"{line.cache_read:,}",
            f"{line.output:,}",
            str(line.cost),
        )
    return table


async def _show(store: Store, run_id: str) -> int:
    console = Console()
    found = await store.run(run_id)
    if found is None:
        console.print(f"there is no run {visible(run_id)}; `harness runs` lists them")
        return 2
    _list([found])
    agents = Table(title="\nAgents", title_justify="left", box=None)
    for heading in ("agent", "outcome", "findings", "time", "cost"):
        agents.add_column(heading, overflow="fold")
    for report in await store.agent_reports(run_id):
        outcome = f"{report.state.value} {report.reason}".strip()
        agents.add_row(
            visible(report.agent),
            visible(outcome),
            str(len(report.findings)),
            f"{report.run.duration:.1f} s",
            dollars(report.run.cost_usd),
        )
    console.print(agents, markup=False)
    lines = await store.costs(run_id)
    if lines:
        console.print(_costs(lines), markup=False)
        pull = await store.cost_of_pull(found.repo, found.number)
        console.print(f"the pull request so far: {pull}", markup=False, highlight=False)
    issues = Table(title="\nIssues", title_justify="left", box=None)
    for heading in ("id", "state", "severity", "where", "issue", "found by"):
        issues.add_column(heading, overflow="fold")
    for issue in await store.issues_of_run(run_id):
        issues.add_row(
            issue.id,
            issue.state.value,
            issue.severity.value,
            visible(f"{issue.file}:{issue.line or ''}".rstrip(":")),
            visible(issue.title),
            visible(", ".join(issue.agents)),
        )
    console.print(issues, markup=False)
    return 0
