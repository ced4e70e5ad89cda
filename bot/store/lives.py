"""What happens to issues one at a time: every change of state goes through the table of states."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, select, update

from bot.findings.states import after
from bot.models import Act, Issue, IssueEvent, IssueState, Repo
from bot.store.issues import key, read_issue
from bot.store.tables import issue_events, issues, occurrences


def act(
    connection: Connection,
    repo: Repo,
    number: int,
    issue_id: str,
    what: Act,
    *,
    at: datetime,
    by: str,
    reason: str = "",
    commit: str = "",
) -> IssueEvent | None:
    """Change the state and remember why; None if there is no such issue.

    `bot.findings.states.NotPossible` where the table has no cell for it. The row is locked, so two
    acts at once happen one after the other.
    """
    row = connection.execute(
        select(issues.c.state).where(key(repo, number, issue_id)).with_for_update()
    ).first()
    if row is None:
        return None
    before = IssueState(row.state)
    event = IssueEvent(
        issue=issue_id,
        act=what,
        before=before,
        after=after(before, what),
        at=at,
        by=by,
        reason=reason,
        commit=commit,
    )
    connection.execute(
        update(issues)
        .where(key(repo, number, issue_id))
        .values(state=event.after.value, reason=reason or None)
    )
    add(connection, repo, number, event)
    return event


def add(connection: Connection, repo: Repo, number: int, event: IssueEvent) -> None:
    """One more line of an issue's history."""
    connection.execute(
        issue_events.insert().values(
            repo=repo.full_name,
            number=number,
            issue_id=event.issue,
            act=event.act.value,
            before=None if event.before is None else event.before.value,
            after=event.after.value,
            at=event.at,
            by=event.by,
            reason=event.reason,
            commit_sha=event.commit,
        )
    )


def history(connection: Connection, repo: Repo, number: int, issue_id: str) -> list[IssueEvent]:
    """Oldest first."""
    query = (
        select(issue_events)
        .where(
            issue_events.c.repo == repo.full_name,
            issue_events.c.number == number,
            issue_events.c.issue_id == issue_id,
        )
        .order_by(issue_events.c.seq)
    )
    return [_event(row) for row in connection.execute(query).mappings()]


def one(connection: Connection, repo: Repo, number: int, issue_id: str) -> Issue | None:
    """As it last occurred, in the state that it has now."""
    last = and_(occurrences.c.run_id == issues.c.last_run_id, occurrences.c.issue_id == issues.c.id)
    query = (
        select(occurrences, issues.c.state.label("now"))
        .join(issues, last)
        .where(key(repo, number, issue_id))
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else read_issue(row, state=row["now"])


def _event(row: RowMapping) -> IssueEvent:
    return IssueEvent(
        issue=row["issue_id"],
        act=Act(row["act"]),
        before=None if row["before"] is None else IssueState(row["before"]),
        after=IssueState(row["after"]),
        at=row["at"],
        by=row["by"],
        reason=row["reason"],
        commit=row["commit_sha"],
    )
