"""Writes what a run says of a pull request's issues: found, closed, posted; states by the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.findings.states import OPEN, after
from bot.models import (
    Act,
    Closing,
    Issue,
    IssueEvent,
    IssueState,
    Placement,
    Repo,
    Verified,
)
from bot.store.issues import key
from bot.store.lives import add
from bot.store.records import plain
from bot.store.tables import issue_events, issues, occurrences
from bot.store.upsert import insert

_OCCURRENCE_KEY = ("run_id", "issue_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class Saving:
    """Which run says something about the issues of which pull request, and when."""

    run_id: str
    repo: Repo
    number: int
    head_sha: str
    at: datetime


def save(
    connection: Connection,
    saving: Saving,
    found: Sequence[Issue],
    posted: Mapping[str, Placement],
    closed: Sequence[Closing] = (),
) -> None:
    """What a run found, what it closes, and what of it now stands on the pull request.

    Saving again changes nothing, so a step may be repeated: what a run did to an issue it does not
    do again, whatever people did since. An issue that was posted once stays posted; ``posted`` may
    name issues that only earlier runs found.
    """
    # In the order of ids: two transactions that lock rows in one order cannot deadlock.
    for position, issue in sorted(enumerate(found), key=lambda item: item[1].id):
        _save_issue(connection, saving, issue)
        _save_occurrence(connection, saving, position, issue)
    for closing in sorted(closed, key=lambda closing: closing.issue.id):
        _close(connection, saving, closing)
    for issue_id, placement in sorted(posted.items()):
        connection.execute(
            update(issues)
            .where(key(saving.repo, saving.number, issue_id))
            .values(posted=placement.value)
        )


def _save_issue(connection: Connection, saving: Saving, issue: Issue) -> None:
    row = connection.execute(
        select(issues.c.state, issues.c.posted, issues.c.last_run_id)
        .where(key(saving.repo, saving.number, issue.id))
        .with_for_update()
    ).first()
    if row is not None and row.last_run_id == saving.run_id:
        return  # this run said so already, and people may have said something since
    before = None if row is None else IssueState(row.state)
    state = _state(before, issue.state, told=row is not None and row.posted is not None)
    last = {"last_run_id": saving.run_id, "last_head_sha": saving.head_sha}
    seen = {
        "state": state.value,
        "severity": issue.severity.value,
        "title": issue.title,
        "description": issue.description,
        "category": issue.category,
        "agents": list(issue.agents),
        **last,
        # Why it was dismissed stays with it; why it was closed does not outlive its coming back.
        **({} if state is before else {"reason": None}),
    }
    statement = insert(connection, issues).values(
        repo=saving.repo.full_name,
        number=saving.number,
        id=issue.id,
        first_run_id=saving.run_id,
        first_head_sha=saving.head_sha,
        **seen,
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["repo", "number", "id"], set_=seen)
    )
    if state is not before and state in OPEN:
        changed = before is IssueState.DISMISSED
        _remember(
            connection,
            saving,
            issue.id,
            Act.CHANGED if changed else Act.FOUND,
            before,
            state,
            "its code was changed after it had been dismissed" if changed else "",
        )


def _state(before: IssueState | None, said: IssueState, *, told: bool) -> IssueState:
    """What the run says, applied to the state of this moment: people act while it reads."""
    if before is None or said not in (*OPEN, IssueState.DISMISSED):
        return before if before is IssueState.DISMISSED else said
    if not told and before is not IssueState.DISMISSED:
        return said
    changed = before is IssueState.DISMISSED and said is IssueState.REOPENED
    return after(before, Act.CHANGED if changed else Act.FOUND)


def _close(connection: Connection, saving: Saving, closing: Closing) -> None:
    """Nothing where it is closed already, or where this run closed it before."""
    issue_id = closing.issue.id
    where = key(saving.repo, saving.number, issue_id)
    row = connection.execute(select(issues.c.state).where(where).with_for_update()).first()
    if row is None or _acted(connection, saving, issue_id):
        return
    before = IssueState(row.state)
    if before not in OPEN:
        return
    act = Act.FIXED if closing.state is IssueState.ADDRESSED else Act.LEFT
    state = after(before, act)
    connection.execute(
        update(issues).where(where).values(state=state.value, reason=closing.reason or None)
    )
    _remember(connection, saving, issue_id, act, before, state, closing.reason, closing.commit)


def _acted(connection: Connection, saving: Saving, issue_id: str) -> bool:
    query = select(issue_events.c.seq).where(
        issue_events.c.repo == saving.repo.full_name,
        issue_events.c.number == saving.number,
        issue_events.c.issue_id == issue_id,
        issue_events.c.by == saving.run_id,
    )
    return connection.execute(query.limit(1)).first() is not None


def _remember(
    connection: Connection,
    saving: Saving,
    issue_id: str,
    act: Act,
    before: IssueState | None,
    state: IssueState,
    reason: str,
    commit: str = "",
) -> None:
    event = IssueEvent(
        issue=issue_id,
        act=act,
        before=before,
        after=state,
        at=saving.at,
        by=saving.run_id,
        reason=reason,
        commit=commit or saving.head_sha,
    )
    add(connection, saving.repo, saving.number, event)


def _save_occurrence(connection: Connection, saving: Saving, position: int, issue: Issue) -> None:
    row = {
        "run_id": saving.run_id,
        "issue_id": issue.id,
        "repo": saving.repo.full_name,
        "number": saving.number,
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
