"""One issue as a comment: on its lines, or on its file."""

from __future__ import annotations

from dataclasses import dataclass

from bot.findings.anchor import covers
from bot.models import Finding, Issue
from bot.publish import marker, sanitize
from bot.publish.render.words import COMMENT_LIMIT, fold, joined, plural

_BODY = 4_000
_NOTE, _NOTES = 400, 4
_WORDS = (1_500, 400, 80)
"""How much of each agent's own words is shown: less where there are many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """What a comment needs to know besides its issue."""

    run_id: str
    agents: int = 0
    """How many finished, for "2 of 3"."""
    commands: tuple[str, ...] = ()
    """Slash commands that exist here: no other is advertised."""
    secrets: tuple[str, ...] = ()


def inline_comment(issue: Issue, voice: Voice) -> str:
    """On lines of the diff."""
    return _comment(issue, voice, marker.INLINE)


def file_comment(issue: Issue, voice: Voice) -> str:
    """On a file of the diff, for lines that the diff does not show."""
    return _comment(issue, voice, marker.FILE)


def _comment(issue: Issue, voice: Voice, kind: str) -> str:
    inline = kind == marker.INLINE
    line = marker.write(marker.Marker(kind=kind, issue=issue.id, run=voice.run_id))
    lead = (
        _head(issue, voice.secrets),
        "" if inline else _where(issue),
        sanitize.clean(issue.description, limit=_BODY, secrets=voice.secrets),
        _fix(issue, inline, voice.secrets),
    )
    notes = _notes(issue, voice.secrets)
    foot = f"{_foot(issue, voice.commands)}\n{line}"
    for words in _WORDS:
        comment = joined(*lead, _sources(issue, voice, words), notes, foot)
        if len(comment) <= COMMENT_LIMIT:
            return comment
    count = plural(len(issue.sources), "agent report")
    return joined(*lead, f"{count} about this did not fit here.", foot)


def _head(issue: Issue, secrets: tuple[str, ...]) -> str:
    title = sanitize.inline(issue.title, limit=200, secrets=secrets)
    words = [f"**{title}**", issue.severity.value]
    if issue.category:
        words.append(sanitize.inline(issue.category, limit=40, secrets=secrets))
    return " · ".join(words)


def _where(issue: Issue) -> str:
    if issue.line is None:
        return ""
    lines = f"{issue.line}" if issue.end_line is None else f"{issue.line}–{issue.end_line}"
    word = "Line" if issue.end_line is None else "Lines"
    return f"{word} {lines} of this file."


def _fix(issue: Issue, inline: bool, secrets: tuple[str, ...]) -> str:
    """A suggestion only where GitHub would commit exactly it; otherwise words."""
    words = sanitize.clean(issue.suggestion, limit=_BODY, secrets=secrets)
    if issue.replacement is None:
        return words
    exact = covers(issue.anchor, issue.line, issue.end_line, issue.side)
    if inline and exact and sanitize.unchanged(issue.replacement, secrets):
        return suggestion(issue.replacement)
    return joined(words, sanitize.fence(issue.replacement, secrets=secrets))


def suggestion(replacement: str) -> str:
    """An empty replacement deletes the lines, a line end alone leaves an empty one."""
    if replacement == "":
        return "```suggestion\n```"
    return sanitize.fence(replacement.removesuffix("\n"), "suggestion", own=True)


def _sources(issue: Issue, voice: Voice, words: int) -> str:
    """Everybody's own words; no fold where it would only repeat the comment."""
    who = issue.agents
    if len(issue.sources) == 1:
        return f"<sub>Found by {_named(issue.sources[0])}.</sub>"
    title = f"Found by {len(who)} of {max(voice.agents, len(who))} agents"
    return fold(title, joined(*(_source(s, issue, words, voice.secrets) for s in issue.sources)))


def _notes(issue: Issue, secrets: tuple[str, ...]) -> str:
    """What else speaks for or against it, and how sure that leaves us."""
    if not issue.notes:
        return ""
    said = [sanitize.inline(note, limit=_NOTE, secrets=secrets) for note in issue.notes[:_NOTES]]
    sure = "" if issue.confidence is None else f" (confidence {issue.confidence:.2f})"
    return "\n".join(f"<sub>{note}{sure if note is said[-1] else ''}</sub>" for note in said)


def _source(source: Finding, issue: Issue, words: int, secrets: tuple[str, ...]) -> str:
    lead = f"{_named(source)}, {source.severity.value}:"
    if source.description == issue.description:
        return f"{lead} its words are above."
    title = source.title if source.title != source.description else ""
    text = joined(title, source.description)
    return joined(lead, sanitize.clean(text, limit=words, secrets=secrets))


def _named(source: Finding) -> str:
    rule = f" ({sanitize.inline(source.rule, limit=60)})" if source.rule else ""
    return f"**{sanitize.inline(source.agent, limit=60)}**{rule}"


def _foot(issue: Issue, commands: tuple[str, ...]) -> str:
    words = [issue.id]
    if "dismiss" in commands:
        words.append(f"wrong? `/harness dismiss {issue.id} reason`")
    if "refactor" in commands:
        words.append(f"fix it: `/harness refactor {issue.id}`")
    return f"<sub>{' · '.join(words)}</sub>"
