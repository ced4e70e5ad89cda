"""The function that a line is in, told by indentation."""

from __future__ import annotations

import re
from collections.abc import Sequence

NEAR = 12
"""Lines before and after that count where no function can be told."""
TALL = 120
"""Lines of one function that count; beyond, a change is far away though it is inside."""
MAX_HEADER = 300

_OPENS = re.compile(
    r"\s*(?:[\w@]+\s+){0,5}?(?:def|function|func|fn|sub|fun)\b"
    r"|(?!\s*(?:if|for|while|switch|else|elif|catch|return|with|try|unless|until|match)\b)"
    r"[\w<>\[\],*&.\s:]*\w\s*\([^;]*\)[\w\s<>.,:]*(?:\{|=>)\s*$"
    r"|.*(?:=>|function\s*\([^)]*\))\s*\{\s*$"
)


def around(lines: Sequence[str], line: int, end: int | None = None) -> tuple[int, int]:
    """First and last line of the function, or the lines near by where there is none."""
    last = min(len(lines), end if end is not None and end >= line else line)
    if not 1 <= line <= len(lines):
        return line - NEAR, (end or line) + NEAR
    depth = _indent(lines[line - 1]) if lines[line - 1].strip() else 10**6
    if _opens(lines[line - 1]):
        return max(1, line - 1), min(_end(lines, line), line + TALL)
    for number in range(line - 1, max(0, line - TALL), -1):
        text = lines[number - 1]
        if not text.strip() or _indent(text) >= depth:
            continue
        depth = _indent(text)
        if _opens(text):
            return max(1, number - 1), max(last, min(_end(lines, number), line + TALL))
        if depth == 0:
            break
    return max(1, line - NEAR), min(len(lines), last + NEAR)


def _opens(text: str) -> bool:
    return _OPENS.match(text[:MAX_HEADER]) is not None


def _end(lines: Sequence[str], start: int) -> int:
    """The last line that is deeper than the line ``start``, or closes it."""
    depth = _indent(lines[start - 1])
    for number in range(start + 1, len(lines) + 1):
        text = lines[number - 1]
        if text.strip() and _indent(text) <= depth and text.strip()[0] not in ")}]":
            return number - 1
    return len(lines)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
