"""What happens to issues one at a time: every change of state goes through the table of states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, select, update

from bot.findings.states import OPEN, after
from bot.models import Act, Closing, IssueEvent, IssueState, Repo
from bot.store.tables import issue_events, issues


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
    before = state(connection, repo, number, issue_id)
    if before is None:
        return None
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
        .where(_key(repo, number, issue_id))
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


def state(connection: Connection, repo: Repo, number: int, issue_id: str) -> IssueState | None:
    """The state that it has now; None if there is no such issue. Its row is locked."""
    query = select(issues.c.state).where(_key(repo, number, issue_id)).with_for_update()
    found = connection.execute(query).scalar()
    return None if found is None else IssueState(found)


def close(
    connection: Connection,
    run_id: str,
    repo: Repo,
    number: int,
    closings: Sequence[Closing],
    at: datetime,
) -> None:
    """What a run showed to be gone. May be repeated; what a person decided meanwhile stands."""
    for closing in sorted(closings, key=lambda item: item.issue.id):
        now = state(connection, repo, number, closing.issue.id)
        if now in OPEN:
            what = Act.LEFT if closing.state is IssueState.STALE else Act.FIXED
            act(
                connection,
                repo,
                number,
                closing.issue.id,
                what,
                at=at,
                by=run_id,
                reason=closing.reason,
                commit=closing.commit,
            )


def _key(repo: Repo, number: int, issue_id: str) -> ColumnElement[bool]:
    return and_(issues.c.repo == repo.full_name, issues.c.number == number, issues.c.id == issue_id)


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
