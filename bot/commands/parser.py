"""Finds slash commands in a comment.

A command stands at the start of a line, outside code and outside quotes, so that quoting somebody
commands nothing. A line is what Markdown calls one: other characters that Python takes for line
ends are invisible in a quote. Words may be quoted; a line that cannot be split into words is taken
plainly.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

MAX_COMMANDS = 10
"""A comment with more is a mistake or an attack; the rest is not looked at."""

_LINE_END = re.compile(r"\r\n?|\n")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""What nobody sees commands nothing."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_COMMAND = re.compile(r" {0,3}/harness(?:[ \t]+(?P<rest>.*))?\s*$", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z-]{0,30}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One command as written: its name and the words after it."""

    name: str
    words: tuple[str, ...] = ()


def parse_commands(body: str) -> tuple[Line, ...]:
    """All commands of a comment, in order; ``/harness`` alone asks for help."""
    found: list[Line] = []
    fence = ""
    for line in _LINE_END.split(_HIDDEN.sub("·", body)):
        fence, code = _code(line, fence)
        if code:
            continue
        match = _COMMAND.match(line)
        if match is not None:
            found.append(_line(match["rest"] or ""))
    return tuple(found[:MAX_COMMANDS])


def _code(line: str, fence: str) -> tuple[str, bool]:
    """(the fence that is open after this line, whether the line is code)."""
    match = _FENCE.match(line)
    if fence:
        closes = match is not None and match[1].startswith(fence) and line.strip() == match[1]
        return ("" if closes else fence), True
    if match is not None:
        return match[1], True
    return "", line.startswith(("    ", "\t"))


def _line(rest: str) -> Line:
    words = _words(rest)
    if not words:
        return Line(name="help")
    name = words[0].lower()
    if not _NAME.fullmatch(name):
        name = "?"
    return Line(name=name, words=tuple(words[1:]))


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError:  # an apostrophe in a sentence is no quote
        return rest.split()
