"""What became of earlier issues: gone with the proof, or not reported and not proved."""

from __future__ import annotations

from bot.models import IssueState, KnownIssue
from bot.publish import sanitize
from bot.publish.publisher import Publication
from bot.publish.render.words import commit, plural

_MOST = 12
_REASON = 200
_LEADS = {IssueState.ADDRESSED: "Addressed", IssueState.STALE: "No longer in this pull request"}


def closed(publication: Publication, scale: float) -> str:
    """``Addressed: h-7KQ2 “…” in 9be0d13 (its lines were changed, …)``, one line for each."""
    blocks = []
    for state, lead in _LEADS.items():
        found = [item for item in publication.result.closed if item.state is state]
        lines = [
            f"{_named(item.issue, publication)} in {commit(item.commit)}"
            f" ({sanitize.inline(item.reason, limit=_REASON, secrets=publication.secrets)})"
            for item in found
        ]
        if lines:
            blocks.append(_listing(f"**{lead}**", lines, scale))
    return "\n\n".join(blocks)


def unproved(publication: Publication, scale: float) -> str:
    """Open issues that were not reported this time, and why that proves nothing."""
    lines = [
        f"{_named(issue, publication)}: "
        + sanitize.inline(issue.reason, limit=_REASON, secrets=publication.secrets)
        for issue in publication.result.carried
        if issue.reason
    ]
    return _listing("Still open, though not reported this time", lines, scale) if lines else ""


def _named(issue: KnownIssue, publication: Publication) -> str:
    title = sanitize.inline(issue.title, limit=100, secrets=publication.secrets)
    return f"{issue.id} “{title}”"


def _listing(lead: str, lines: list[str], scale: float) -> str:
    count = max(1, int(_MOST * scale))
    more = [f"- … and {plural(len(lines) - count, 'more', 'more')}"] if len(lines) > count else []
    return "\n".join([f"{lead}:", "", *(f"- {line}" for line in lines[:count]), *more])
