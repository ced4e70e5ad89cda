"""Issues of a pull request as they last occurred, and as a run found them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, select

from bot.models import Issue, IssueState, KnownIssue, Placement, Repo, Severity, Side, Verified
from bot.store.records import read_anchor, read_finding
from bot.store.tables import issues, occurrences

_PLACE = ("file", "line", "end_line", "side", "code", "anchor")


def key(repo: Repo, number: int, issue_id: str) -> ColumnElement[bool]:
    """The row of one issue."""
    return and_(issues.c.repo == repo.full_name, issues.c.number == number, issues.c.id == issue_id)


def known(
    connection: Connection, repo: Repo, number: int, states: Collection[IssueState]
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
            issues.c.state.in_(sorted(state.value for state in states)),
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
