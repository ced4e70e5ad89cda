"""Open issues as rows: a table while there is room, shorter lines after it, a count at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.findings.states import OPEN
from bot.models import Issue, IssueState, KnownIssue, Placement
from bot.publish import sanitize
from bot.publish.publisher import Publication
from bot.publish.render.words import names, place

_STATES = {
    IssueState.NEW: "new",
    IssueState.PERSISTENT: "still open",
    IssueState.REOPENED: "reopened",
    IssueState.DISMISSED: "dismissed",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One issue, as a row of the table and as a line of a list. Both name id, severity, place."""

    id: str
    row: tuple[str, str, str, str, str]
    line: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What fits: ``table`` and ``lines`` here, ``rest`` elsewhere."""

    table: tuple[Entry, ...] = ()
    lines: tuple[Entry, ...] = ()
    rest: tuple[Entry, ...] = ()


def entries(publication: Publication) -> tuple[Entry, ...]:
    """Every open issue, worst first; those whose finder did not finish this time among them."""
    secrets = publication.secrets
    issues = [i for i in publication.result.issues if i.state in OPEN]
    listed = [(i.severity.rank, 0, n, _issue(i, publication)) for n, i in enumerate(issues)]
    carried = [known for known in publication.result.carried if known.state in OPEN]
    listed += [(k.severity.rank, 1, n, known(k, secrets)) for n, k in enumerate(carried)]
    return tuple(entry for *_rank, entry in sorted(listed, key=lambda item: item[:3]))


def _issue(issue: Issue, publication: Publication) -> Entry:
    where = sanitize.cell_code(place(issue), limit=110, secrets=publication.secrets)
    if issue.anchor.placement is Placement.SUMMARY:
        where += " (not in this diff)"
    elif publication.placement(issue) is Placement.SUMMARY:
        where += " (no comment)"
    url = _address(publication.urls.get(issue.id, ""))
    return _entry(
        issue,
        state=_STATES[issue.state],
        where=f"[{where}]({url})" if url else where,
        agents=issue.agents,
        secrets=publication.secrets,
    )


def known(issue: KnownIssue, secrets: Iterable[str]) -> Entry:
    """An issue of an earlier run."""
    where = sanitize.cell_code(place(issue), limit=110, secrets=secrets)
    return _entry(issue, state="still open", where=where, agents=issue.agents, secrets=secrets)


def _entry(
    issue: Issue | KnownIssue,
    *,
    state: str,
    where: str,
    agents: Sequence[str],
    secrets: Iterable[str],
) -> Entry:
    title = sanitize.cell(issue.title, limit=140, secrets=secrets)
    severity = issue.severity.value
    return Entry(
        id=issue.id,
        row=(f"{state} · {severity}", title, where, names(agents), f"`{issue.id}`"),
        line=f"- {issue.id} · {severity} · {where} · {title}",
    )


def _address(url: str) -> str:
    """GitHub's own addresses only: nothing that could end a Markdown link."""
    safe = url.startswith(("https://", "http://")) and not set(url) & set(" ()<>[]|`\\\n")
    return url if safe else ""


def fit(found: Sequence[Entry], *, table: int, lines: int) -> Listing:
    """``table`` and ``lines``: characters to spend on each."""
    rows = _take(found, table, lambda entry: sum(map(len, entry.row)) + 3 * len(entry.row) + 2)
    after = found[len(rows) :]
    short = _take(after, lines, lambda entry: len(entry.line) + 1)
    return Listing(table=rows, lines=short, rest=tuple(after[len(short) :]))


def _take(found: Sequence[Entry], budget: int, cost: Callable[[Entry], int]) -> tuple[Entry, ...]:
    taken: list[Entry] = []
    for entry in found:
        budget -= cost(entry)
        if budget < 0:
            break
        taken.append(entry)
    return tuple(taken)
