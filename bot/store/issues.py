"""Issues of a pull request over its life, and their occurrences run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, select, update

from bot.models import (
    Act,
    Issue,
    IssueEvent,
    IssueState,
    KnownIssue,
    Placement,
    Repo,
    Severity,
    Side,
    Verified,
)
from bot.store import lives
from bot.store.records import plain, read_anchor, read_finding
from bot.store.tables import issues, occurrences
from bot.store.upsert import insert

OPEN = (IssueState.NEW, IssueState.PERSISTENT, IssueState.REOPENED)

_SEEN = ("state", "severity", "title", "description", "category", "agents")
_PLACE = ("file", "line", "end_line", "side", "code", "anchor")
_LAST = ("last_run_id", "last_head_sha")
_OCCURRENCE_KEY = ("run_id", "issue_id")


def save(
    connection: Connection,
    run_id: str,
    repo: Repo,
    number: int,
    head_sha: str,
    found: Sequence[Issue],
    posted: Mapping[str, Placement],
    at: datetime,
) -> None:
    """What a run found, and what of it now stands on the pull request.

    Saving again changes nothing, so a step may be repeated. An issue that was posted once stays
    posted; ``posted`` may name issues that only earlier runs found.
    """
    # In the order of ids: two transactions that lock rows in one order cannot deadlock.
    for position, issue in sorted(enumerate(found), key=lambda item: item[1].id):
        saved = _as_decided_by_people(connection, repo, number, issue)
        _save_issue(connection, run_id, repo, number, head_sha, saved, at)
        _save_occurrence(connection, run_id, repo, number, position, saved)
    for issue_id, placement in sorted(posted.items()):
        connection.execute(
            update(issues)
            .where(
                issues.c.repo == repo.full_name,
                issues.c.number == number,
                issues.c.id == issue_id,
            )
            .values(posted=placement.value)
        )


def known(
    connection: Connection, repo: Repo, number: int, states: Sequence[IssueState]
) -> list[KnownIssue]:
    """Issues in these states as they last occurred; in the order the last run gave them."""
    last = and_(
        occurrences.c.run_id == issues.c.last_run_id,
        occurrences.c.issue_id == issues.c.id,
    )
    columns = [occurrences.c[name] for name in _PLACE]
    query = (
        select(issues, *columns)
        .join(occurrences, last)
        .where(
            issues.c.repo == repo.full_name,
            issues.c.number == number,
            issues.c.state.in_([state.value for state in states]),
        )
        .order_by(occurrences.c.position, issues.c.id)
    )
    return [_known_issue(row) for row in connection.execute(query).mappings()]


def of_run(connection: Connection, run_id: str) -> list[Issue]:
    """As that run found them."""
    query = (
        select(occurrences).where(occurrences.c.run_id == run_id).order_by(occurrences.c.position)
    )
    return [read_issue(row, state=row["state"]) for row in connection.execute(query).mappings()]


def one(connection: Connection, repo: Repo, number: int, issue_id: str) -> Issue | None:
    """As it last occurred, in the state that it has now."""
    last = and_(occurrences.c.run_id == issues.c.last_run_id, occurrences.c.issue_id == issues.c.id)
    query = (
        select(occurrences, issues.c.state.label("now"))
        .join(issues, last)
        .where(
            issues.c.repo == repo.full_name,
            issues.c.number == number,
            issues.c.id == issue_id,
        )
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else read_issue(row, state=row["now"])


def _as_decided_by_people(connection: Connection, repo: Repo, number: int, issue: Issue) -> Issue:
    """Somebody may have dismissed it while the run was under way: then it stays dismissed."""
    if issue.state is IssueState.REOPENED:
        return issue
    now = lives.state(connection, repo, number, issue.id)
    dismissed = now is IssueState.DISMISSED
    return replace(issue, state=IssueState.DISMISSED) if dismissed else issue


def _save_issue(
    connection: Connection,
    run_id: str,
    repo: Repo,
    number: int,
    head_sha: str,
    issue: Issue,
    at: datetime,
) -> None:
    before = lives.state(connection, repo, number, issue.id)
    seen = {
        "state": issue.state.value,
        "severity": issue.severity.value,
        "title": issue.title,
        "description": issue.description,
        "category": issue.category,
        "agents": list(issue.agents),
    }
    statement = insert(connection, issues).values(
        repo=repo.full_name,
        number=number,
        id=issue.id,
        **seen,
        first_run_id=run_id,
        first_head_sha=head_sha,
        last_run_id=run_id,
        last_head_sha=head_sha,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["repo", "number", "id"],
            set_={name: statement.excluded[name] for name in (*_SEEN, *_LAST)},
        )
    )
    if before is not issue.state:
        lives.add(
            connection,
            repo,
            number,
            IssueEvent(
                issue=issue.id,
                act=Act.FOUND,
                before=before,
                after=issue.state,
                at=at,
                by=run_id,
                commit=head_sha,
            ),
        )


def _save_occurrence(
    connection: Connection, run_id: str, repo: Repo, number: int, position: int, issue: Issue
) -> None:
    row = {
        "run_id": run_id,
        "issue_id": issue.id,
        "repo": repo.full_name,
        "number": number,
        "position": position,
        "state": issue.state.value,
        "severity": issue.severity.value,
        "title": issue.title,
        "description": issue.description,
        "category": issue.category,
        "file": issue.file,
        "line": _line(issue.line),
        "end_line": _line(issue.end_line),
        "side": issue.side.value,
        "code": issue.code,
        "confidence": issue.confidence,
        "suggestion": issue.suggestion,
        "replacement": issue.replacement,
        "anchor": plain(issue.anchor),
        "sources": [plain(source) for source in issue.sources],
        "verified": None if issue.verified is Verified.NOT_ASKED else issue.verified.value,
        "notes": list(issue.notes) or None,
    }
    statement = insert(connection, occurrences).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(_OCCURRENCE_KEY),
            set_={name: statement.excluded[name] for name in row if name not in _OCCURRENCE_KEY},
        )
    )


def _line(line: int | None) -> int | None:
    """No file has more lines; a number that no column holds must not lose the issue."""
    return line if line is not None and 0 < line < 2**31 else None


def _known_issue(row: RowMapping) -> KnownIssue:
    return KnownIssue(
        id=row["id"],
        state=IssueState(row["state"]),
        severity=Severity(row["severity"]),
        title=row["title"],
        description=row["description"],
        file=row["file"],
        line=row["line"],
        end_line=row["end_line"],
        side=Side(row["side"]),
        code=row["code"],
        agents=tuple(row["agents"]),
        head_sha=row["last_head_sha"],
        placement=Placement(row["posted"]) if row["posted"] else Placement.SUMMARY,
        posted=row["posted"] is not None,
        category=row["category"],
        reason=row["reason"] or "",
        in_diff=read_anchor(row["anchor"]).placement is not Placement.SUMMARY,
    )


def read_issue(row: RowMapping, *, state: str) -> Issue:
    return Issue(
        id=row["issue_id"],
        severity=Severity(row["severity"]),
        title=row["title"],
        description=row["description"],
        file=row["file"],
        anchor=read_anchor(row["anchor"]),
        sources=tuple(read_finding(source) for source in row["sources"]),
        line=row["line"],
        end_line=row["end_line"],
        side=Side(row["side"]),
        suggestion=row["suggestion"],
        replacement=row["replacement"],
        category=row["category"],
        confidence=row["confidence"],
        state=IssueState(state),
        code=row["code"],
        verified=Verified(row["verified"] or Verified.NOT_ASKED),
        notes=tuple(row["notes"] or ()),
    )
