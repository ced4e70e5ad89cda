"""The hidden marker in whatever is posted, by which harness finds its own words again.

It counts only as the first or the last line of a comment that harness itself wrote: HTML comments
are taken out of every text of a model, so it cannot be forged from inside, and the author is
compared with the App's own login, so it cannot be forged from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.models import Comment

VERSION = 1


INLINE, FILE, SUMMARY, REPLY = "inline", "file", "summary", "reply"
KINDS = frozenset({INLINE, FILE, SUMMARY, REPLY})


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """``run`` is the run's id; for a reply, the id of the comment that is answered."""

    kind: str
    issue: str = ""
    run: str = ""


_VALUE = r"[A-Za-z0-9:._-]{0,200}"
_LINE = re.compile(rf"<!-- harness:{VERSION} kind=([a-z]+) issue=({_VALUE}) run=({_VALUE}) -->")


def write(marker: Marker) -> str:
    """The line; a value with other characters than ids have is refused."""
    line = f"<!-- harness:{VERSION} kind={marker.kind} issue={marker.issue} run={marker.run} -->"
    if _LINE.fullmatch(line) is None or "--" in line[4:-3] or marker.kind not in KINDS:
        raise ValueError(f"no marker can hold {marker!r}")
    return line


def read(body: str) -> Marker | None:
    """The marker in the first or last line, if there is one."""
    lines = body.strip().replace("\r\n", "\n").split("\n")
    for line in (lines[-1], lines[0]):
        match = _LINE.fullmatch(line.strip())
        if match is not None and match[1] in KINDS:
            return Marker(kind=match[1], issue=match[2], run=match[3])
    return None


def has_marker(body: str, marker: Marker) -> bool:
    """Whether the comment carries exactly this marker."""
    return read(body) == marker


def own(comments: Iterable[Comment], login: str) -> list[tuple[Marker, Comment]]:
    """Comments that harness wrote, oldest first."""
    return [
        (marker, comment)
        for comment in sorted(comments, key=lambda c: (c.created_at, c.id))
        if comment.author == login and (marker := read(comment.body)) is not None
    ]
