"""The answer to ``/harness status``: how a pull request stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.findings.states import OPEN
from bot.models import KnownIssue, PullRequest, RunRecord, RunState, Total, Trigger
from bot.publish import sanitize
from bot.publish.render.words import commit, duration, joined, place, plural, table

MAX_LISTED = 50
"""Issues by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is written down of a pull request."""

    pull: PullRequest
    run: RunRecord | None
    """The newest review of its head."""
    issues: tuple[KnownIssue, ...]
    """Of every state."""
    cost: Total
    running: tuple[RunRecord, ...] = ()
    waiting: int = 0
    """Jobs that have not begun."""


def status(standing: Standing, now: datetime, secrets: Sequence[str] = ()) -> str:
    """The verdict of the newest commit, what runs, the cost so far, and every open issue."""
    lines = [
        _verdict(standing, secrets),
        _going(standing, now),
        f"Cost of this pull request so far: {sanitize.inline(str(standing.cost), limit=80)}",
    ]
    still = sorted((i for i in standing.issues if i.state in OPEN), key=_order)
    return joined(
        "### harness: status",
        "\n".join(f"- {line}" for line in lines),
        _counts(standing.issues),
        _table(still[:MAX_LISTED], secrets),
        f"… and {len(still) - MAX_LISTED} more" if len(still) > MAX_LISTED else "",
    )


def _verdict(standing: Standing, secrets: Iterable[str]) -> str:
    pull, run = standing.pull, standing.run
    head = f"Newest commit {commit(pull.head_sha)}"
    closed = "" if pull.state == "open" else " (the pull request is closed)"
    if run is None:
        return f"{head}{closed}: not reviewed"
    if run.state in (RunState.WAITING, RunState.RUNNING):
        return f"{head}{closed}: no verdict yet"
    title = sanitize.inline(run.title, limit=300, secrets=secrets)
    said = f"**{run.conclusion}**" if run.conclusion else run.state.value
    return f"{head}{closed}: {said}{f', {title}' if title and title != run.conclusion else ''}"


def _going(standing: Standing, now: datetime) -> str:
    parts = [
        f"a {'repair' if run.trigger == Trigger.REFACTOR.value else 'review'} of"
        f" {commit(run.head_sha)} for {duration((now - run.started_at).total_seconds())}"
        for run in standing.running
    ]
    runs = f"Running now: {', '.join(parts)}" if parts else "Nothing runs now"
    waits = f"; {plural(standing.waiting, 'job')} waiting" if standing.waiting else ""
    return f"{runs}{waits}"


def _counts(issues: Sequence[KnownIssue]) -> str:
    """By severity while open, else by state; what was held back is not spoken of."""
    still = [issue for issue in issues if issue.state in OPEN]
    worst = Counter(issue.severity for issue in still)
    by = ", ".join(f"{worst[s]} {s.value}" for s in sorted(worst, key=lambda s: s.rank))
    ended = Counter(i.state.value for i in issues if i.state not in OPEN and i.posted)
    rest = ", ".join(f"{ended[name]} {name}" for name in sorted(ended))
    opened = f"**{plural(len(still), 'open issue')}**" if still else "**No open issue**"
    return f"{opened}{f': {by}' if by else ''}{f'; {rest}' if rest else ''}"


def _order(issue: KnownIssue) -> tuple[int, str, int, str]:
    return issue.severity.rank, issue.file, issue.line or 0, issue.id


def _table(issues: Sequence[KnownIssue], secrets: Iterable[str]) -> str:
    known = tuple(secrets)
    return table(
        ("id", "severity", "state", "where", "what"),
        (
            (
                sanitize.cell(issue.id, limit=40),
                issue.severity.value,
                issue.state.value,
                sanitize.cell_code(place(issue), limit=110, secrets=known),
                sanitize.cell(issue.title, limit=140, secrets=known),
            )
            for issue in issues
        ),
    )
