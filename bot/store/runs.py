"""Runs, the agents' reports in them, and maintainers' approvals of heads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, update

from bot.models import AgentReport, Repo, RunRecord, RunState
from bot.store.records import plain_report, read_report
from bot.store.tables import agent_runs, approvals, runs
from bot.store.types import escape
from bot.store.upsert import insert

_LARGEST = 2**63 - 1


def add(connection: Connection, run: RunRecord) -> None:
    """A run that exists already stays as it is: a replayed step changes nothing."""
    connection.execute(
        insert(connection, runs)
        .values(
            id=run.id,
            job_id=run.job_id,
            repo=run.repo.full_name,
            number=run.number,
            head_sha=run.head_sha,
            base_sha=run.base_sha,
            trigger=run.trigger,
            state=run.state.value,
            started_at=run.started_at,
            finished_at=run.finished_at,
            conclusion=run.conclusion,
            title=run.title,
            installation_id=run.installation_id,
            approved_by=run.approved_by,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )


def finish(
    connection: Connection,
    run_id: str,
    state: RunState,
    conclusion: str,
    title: str,
    finished_at: datetime,
) -> None:
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(state=state.value, conclusion=conclusion, title=title, finished_at=finished_at)
    )


def restate(connection: Connection, run_id: str, conclusion: str, title: str) -> None:
    """Another verdict for a run that has finished, and when it did stays as it was."""
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.state == RunState.FINISHED.value)
        .values(conclusion=conclusion, title=title)
    )


def find(connection: Connection, run_id: str) -> RunRecord | None:
    found = _runs(connection, select(runs).where(runs.c.id == run_id))
    return found[0] if found else None


def newest(
    connection: Connection, limit: int, repo: Repo | None, number: int | None
) -> list[RunRecord]:
    query = select(runs).order_by(runs.c.seq.desc()).limit(limit)
    if repo is not None:
        query = query.where(runs.c.repo == repo.full_name)
    if number is not None:
        query = query.where(runs.c.number == number)
    return _runs(connection, query)


def newest_finished(
    connection: Connection, repo: Repo, number: int, before: datetime | None
) -> RunRecord | None:
    """The last run that told people something about its head, be it that it could not review."""
    told = (RunState.FINISHED.value, RunState.FAILED.value)
    query = (
        select(runs)
        .where(
            runs.c.repo == repo.full_name,
            runs.c.number == number,
            runs.c.state.in_(told),
        )
        .order_by(runs.c.finished_at.desc(), runs.c.seq.desc())
        .limit(1)
    )
    if before is not None:
        query = query.where(runs.c.finished_at < before)
    found = _runs(connection, query)
    return found[0] if found else None


def for_head(connection: Connection, repo: Repo, sha: str) -> list[RunRecord]:
    query = select(runs).where(runs.c.repo == repo.full_name, runs.c.head_sha == sha)
    return _runs(connection, query.order_by(runs.c.seq.desc()))


def of_delivery(connection: Connection, delivery_id: str) -> list[RunRecord]:
    """Runs of the delivery's jobs (``<delivery id>:<index>``) and of the jobs those started."""
    start = escape(f"{delivery_id}:")
    matches = func.substr(runs.c.job_id, 1, len(start)) == start
    return _runs(connection, select(runs).where(matches).order_by(runs.c.seq))


def unfinished(connection: Connection) -> list[RunRecord]:
    states = (RunState.WAITING.value, RunState.RUNNING.value)
    return _runs(connection, select(runs).where(runs.c.state.in_(states)).order_by(runs.c.seq))


def add_agent_reports(connection: Connection, run_id: str, reports: Sequence[AgentReport]) -> None:
    """The run's reports are these, whatever an interrupted attempt wrote before."""
    connection.execute(delete(agent_runs).where(agent_runs.c.run_id == run_id))
    if reports:
        connection.execute(
            agent_runs.insert(),
            [_report_row(run_id, position, report) for position, report in enumerate(reports)],
        )


def agent_reports(connection: Connection, run_id: str) -> list[AgentReport]:
    query = select(agent_runs).where(agent_runs.c.run_id == run_id).order_by(agent_runs.c.position)
    return [read_report(row) for row in connection.execute(query).mappings()]


def approve_head(
    connection: Connection, repo: Repo, number: int, sha: str, by: str, now: datetime
) -> None:
    """The first approval of a head stands."""
    connection.execute(
        insert(connection, approvals)
        .values(repo=repo.full_name, number=number, head_sha=sha, approved_by=by, approved_at=now)
        .on_conflict_do_nothing()
    )


def approval(connection: Connection, repo: Repo, number: int, sha: str) -> str | None:
    return connection.execute(
        select(approvals.c.approved_by).where(
            approvals.c.repo == repo.full_name,
            approvals.c.number == number,
            approvals.c.head_sha == sha,
        )
    ).scalar_one_or_none()


def _runs(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    return [_run(row) for row in connection.execute(query).mappings()]


def _run(row: RowMapping) -> RunRecord:
    return RunRecord(
        id=row["id"],
        job_id=row["job_id"],
        repo=Repo.parse(row["repo"]),
        number=row["number"],
        head_sha=row["head_sha"],
        base_sha=row["base_sha"],
        trigger=row["trigger"],
        state=RunState(row["state"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        conclusion=row["conclusion"],
        title=row["title"],
        installation_id=row["installation_id"],
        approved_by=row["approved_by"],
    )


def _report_row(run_id: str, position: int, report: AgentReport) -> dict[str, Any]:
    run = report.run
    return {
        "run_id": run_id,
        "agent": report.agent,
        "position": position,
        "state": report.state.value,
        "required": report.required,
        # An agent reports its own tokens: a number no column holds must not lose the report.
        "input_tokens": min(max(run.tokens.input, 0), _LARGEST),
        "output_tokens": min(max(run.tokens.output, 0), _LARGEST),
        "cost_usd": None if run.cost_usd is None else str(run.cost_usd),
        "duration": run.duration,
        "report": plain_report(report),
    }
