"""Small pieces that several messages share: plurals, times, money, places, commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bot.models import AgentReport, KnownIssue, Total, dollars
from bot.models.issues import Issue
from bot.publish import sanitize

COMMENT_LIMIT = 65_536
"""Characters GitHub takes in a comment or a review."""
CHECK_LIMIT = 65_535
"""Characters GitHub takes in each of a check's summary and text."""
TITLE_LIMIT = 255
ANNOTATIONS = 50
"""Annotations GitHub takes in one request."""


def plural(count: int, word: str, words: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def duration(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def total(costs: Iterable[Decimal | None]) -> Total:
    """Of agents together; None is a cost that nobody knows."""
    found = list(costs)
    known = [cost for cost in found if cost is not None]
    return Total(known=sum(known, Decimal(0)), calls=len(found), unknown=len(found) - len(known))


def against(spent: Total, limit: Decimal | None) -> str:
    """``$0.12 of $5.00``; without a limit only what was spent."""
    return str(spent) if limit is None else f"{spent} of {dollars(limit)}"


def tokens(report: AgentReport) -> str:
    """In / out; unknown where the agent told none, nothing where it costs nothing anyway."""
    used = report.run.tokens
    if used.input or used.output:
        return f"{used.input:,} / {used.output:,}"
    return "–" if report.run.cost_usd == 0 else "unknown"


def commit(sha: str) -> str:
    return sha[:7]


def place(issue: Issue | KnownIssue) -> str:
    """``path:line``, for a code span."""
    line = f":{issue.line}" if issue.line is not None else ""
    return shorten(issue.file, 90) + line


def shorten(path: str, limit: int) -> str:
    """The end of a path says more than its beginning."""
    return path if len(path) <= limit else "…" + path[-(limit - 1) :]


def joined(*blocks: str) -> str:
    """Blocks with a blank line between them; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block)


def fold(title: str, body: str) -> str:
    """A fold. The blank lines make GitHub read the inside as Markdown, and end what is open."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are safe already; empty without rows."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if not body:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body])


def names(agents: Iterable[str]) -> str:
    """Agents' names: the operator chose them, and they are shown as they are."""
    return ", ".join(sanitize.cell(agent, limit=60) for agent in agents)
