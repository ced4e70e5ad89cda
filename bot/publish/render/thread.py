"""Answers in the thread of an issue: what became of it, and by what."""

from __future__ import annotations

from collections.abc import Sequence

from bot.models import Closing, Issue, IssueEvent, IssueState
from bot.publish import sanitize
from bot.publish.render.words import commit, joined

_REASON, _WORDS = 300, 1_500
_HISTORY = 20


def gone(closing: Closing, secrets: Sequence[str] = ()) -> str:
    """Addressed, or its file left the pull request; with the commit and the proof."""
    word = "Addressed" if closing.state is IssueState.ADDRESSED else "Left the pull request"
    at = f" in {commit(closing.commit)}" if closing.commit else ""
    return f"{word}{at}: {_said(closing.reason, secrets)}"


def found_again(issue: Issue, head_sha: str, secrets: Sequence[str] = ()) -> str:
    """With the words of this time."""
    who = sanitize.inline(", ".join(issue.agents), limit=_REASON)
    words = sanitize.clean(issue.description, limit=_WORDS, secrets=secrets)
    return joined(f"Found again in {commit(head_sha)} by {who}.", words)


def dismissed(login: str, reason: str, secrets: Sequence[str] = (), *, thread: bool = True) -> str:
    """By whom, why, and what would bring it back; ``thread``: it is said in the issue's own."""
    why = f": {_said(reason, secrets)}" if reason else "."
    back = "; whoever opens this thread again takes that back" if thread else ""
    stays = f"It stays away until the code that it is about changes{back}."
    return joined(f"Dismissed by {sanitize.code(login)}{why}", stays)


def not_dismissed(login: str, needed: str) -> str:
    """Resolved by somebody whose word does not count here."""
    return (
        f"{sanitize.code(login)}, the issue stays open: to dismiss it takes {needed} permission on"
        " this repository, because that can turn the check green."
    )


def explanation(issue: Issue, history: Sequence[IssueEvent], secrets: Sequence[str] = ()) -> str:
    """Everything that is known of one issue: each agent's words, what speaks for it, its life."""
    title = sanitize.inline(issue.title, limit=200, secrets=secrets)
    sure = "" if issue.confidence is None else f" · confidence {issue.confidence:.2f}"
    head = f"**{title}** · {issue.id} · {issue.severity.value} · {issue.state.value}{sure}"
    words = [
        joined(
            f"**{sanitize.inline(source.agent, limit=60)}**, {source.severity.value}:",
            sanitize.clean(_own(source.title, source.description), limit=_WORDS, secrets=secrets),
        )
        for source in issue.sources
    ]
    notes = "\n".join(f"- {_said(note, secrets)}" for note in issue.notes[:_HISTORY])
    code = sanitize.fence(issue.code, secrets=secrets) if issue.code else ""
    life = "\n".join(_event(event, secrets) for event in history[-_HISTORY:])
    return joined(head, *words, notes, code, life)


def _own(title: str, description: str) -> str:
    return joined(title if title != description else "", description)


def _event(event: IssueEvent, secrets: Sequence[str]) -> str:
    by = f" by {sanitize.code(event.by[1:])}" if event.by.startswith("@") else ""
    at = f" in {commit(event.commit)}" if event.commit else ""
    why = f": {_said(event.reason, secrets)}" if event.reason else ""
    return f"- {event.at:%Y-%m-%d %H:%M} UTC: {event.after.value}{by}{at}{why}"


def _said(text: str, secrets: Sequence[str]) -> str:
    return sanitize.inline(text, limit=_REASON, secrets=secrets)
