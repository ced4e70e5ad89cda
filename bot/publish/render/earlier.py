"""What became of issues that are not open any more, and of those that nobody reported again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.findings.states import OPEN
from bot.models import Closing, Issue, IssueState, KnownIssue
from bot.publish import sanitize
from bot.publish.publisher import Publication
from bot.publish.render.words import commit, joined

MAX_SHOWN = 12
_TITLE, _REASON = 100, 200


def earlier(publication: Publication, scale: float = 1.0) -> str:
    """Dismissed by people; addressed with commit and reason, gone with their files; and why the
    others stay open.
    """
    result, secrets = publication.result, publication.secrets
    count = max(1, int(MAX_SHOWN * scale))
    fixed = [c for c in result.closed if c.state is IssueState.ADDRESSED]
    left = [c for c in result.closed if c.state is not IssueState.ADDRESSED]
    stay = [k for k in result.carried if k.reason and k.state in OPEN]
    every: tuple[Issue | KnownIssue, ...] = (*result.issues, *result.carried)
    away = [issue for issue in every if issue.state is IssueState.DISMISSED]
    return joined(
        _listed("**Dismissed**", [f"- {_named(i, secrets)}" for i in away], count),
        _listed("**Addressed**", [_closing(c, secrets) for c in fixed], count),
        _listed("**Left the pull request**", [_closing(c, secrets) for c in left], count),
        _listed("**Not reported again, still open**", [_carried(k, secrets) for k in stay], count),
    )


def _closing(closing: Closing, secrets: Iterable[str]) -> str:
    at = f" in {commit(closing.commit)}" if closing.commit else ""
    return f"- {_named(closing.issue, secrets)}{at}: {_said(closing.reason, secrets)}"


def _carried(issue: KnownIssue, secrets: Iterable[str]) -> str:
    return f"- {_named(issue, secrets)}: {_said(issue.reason, secrets)}"


def _named(issue: Issue | KnownIssue, secrets: Iterable[str]) -> str:
    return f"{issue.id} “{sanitize.inline(issue.title, limit=_TITLE, secrets=secrets)}”"


def _said(reason: str, secrets: Iterable[str]) -> str:
    return sanitize.inline(reason, limit=_REASON, secrets=secrets)


def _listed(lead: str, lines: Sequence[str], count: int) -> str:
    if not lines:
        return ""
    more = [f"- … and {len(lines) - count} more"] if len(lines) > count else []
    return joined(lead, "\n".join([*lines[:count], *more]))
