"""What the author says: title, text, linked issues, commit messages. Pure; all of it is data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.context.budget import Unit
from bot.context.fence import clipped
from bot.context.sections import Section
from bot.models.context import CommitNote, LinkedIssue, ReviewContext

BODY_LIMIT = 8_000
PARAGRAPH_LIMIT = 1_500
MESSAGE_LIMIT = 1_500
MAX_LINKED = 5

_CLOSES = re.compile(
    r"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+"
    r"(?:#|https://[\w.-]+/(?P<repo>[\w.-]+/[\w.-]+)/issues/)(?P<number>[1-9]\d{0,8})(?!\d)",
    re.IGNORECASE,
)
"""GitHub's own keywords; see "Linking a pull request to an issue" in its documentation."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def linked_numbers(texts: Sequence[str], repo: str) -> tuple[int, ...]:
    """Issues of this repository that the texts say are closed, each once, in their order."""
    numbers = (
        int(match["number"])
        for text in texts
        for match in _CLOSES.finditer(text)
        if (match["repo"] or repo).lower() == repo.lower()
    )
    return tuple(dict.fromkeys(numbers))[:MAX_LINKED]


def first_paragraph(body: str) -> str:
    """The first lines of prose: no comment of a template, no heading, no empty line."""
    for paragraph in re.split(r"\n[ \t]*\n", _COMMENT.sub("", body.replace("\r\n", "\n"))):
        lines = [line for line in paragraph.split("\n") if not line.lstrip().startswith("#")]
        if text := "\n".join(lines).strip():
            return clipped(text, PARAGRAPH_LIMIT)
    return ""


def intent_sections(context: ReviewContext) -> list[Section]:
    """The author's words, the issues they name, and the commits."""
    said = f"{context.title}\n\n{clipped(context.body, BODY_LIMIT)}".strip()
    return [
        Section(
            name="intent",
            lead="What its author says about the change:",
            units=(Unit(name="title and description", text=said),) if said else (),
            weight=3,
        ),
        Section(
            name="linked issues",
            lead="Issues that the change says it closes:",
            units=tuple(map(_linked, context.linked)),
            joint="\n\n",
            weight=2,
        ),
        Section(
            name="commits",
            lead="Its commits, the oldest first:",
            units=tuple(map(_commit, context.commits)),
            joint="\n\n",
            weight=1,
        ),
    ]


def _linked(issue: LinkedIssue) -> Unit:
    return Unit(
        name=f"#{issue.number}", text=f"#{issue.number} {issue.title}\n{issue.text}".rstrip()
    )


def _commit(commit: CommitNote) -> Unit:
    message = clipped(f"{commit.subject}\n{commit.body}".rstrip(), MESSAGE_LIMIT)
    return Unit(name=commit.sha[:12], text=f"{commit.sha[:12]} {message}")
