"""Reads single values of an answer; a value of the wrong type costs only itself."""

from __future__ import annotations

import math
import re

from bot.models import Severity, Side

SEVERITIES: dict[str, Severity] = {
    "critical": Severity.CRITICAL, "blocker": Severity.CRITICAL, "fatal": Severity.CRITICAL,
    "p0": Severity.CRITICAL,
    "major": Severity.MAJOR, "high": Severity.MAJOR, "error": Severity.MAJOR,
    "important": Severity.MAJOR, "severe": Severity.MAJOR, "p1": Severity.MAJOR,
    "minor": Severity.MINOR, "medium": Severity.MINOR, "moderate": Severity.MINOR,
    "warning": Severity.MINOR, "warn": Severity.MINOR, "low": Severity.MINOR,
    "info": Severity.MINOR, "note": Severity.MINOR, "nit": Severity.MINOR,
    "trivial": Severity.MINOR, "style": Severity.MINOR, "suggestion": Severity.MINOR,
    "p2": Severity.MINOR, "p3": Severity.MINOR,
}  # fmt: skip
"""Well-known words of other tools; "high" is not "critical", "medium" fails no check by default."""

MAX_LINE = 10**7

_RANGE = re.compile(r"L?(\d{1,9})(?:\s*(?:-|–|:|to)\s*L?(\d{1,9}))?", re.IGNORECASE | re.ASCII)


def severity(value: object) -> Severity | None:
    """None if the word is not known."""
    return SEVERITIES.get(value.strip().lower()) if isinstance(value, str) else None


def text(value: object, limit: int) -> str:
    """A text without NUL, cut visibly; anything else is no text."""
    if not isinstance(value, str):
        return ""
    clean = value.replace("\0", "").strip()
    return clip(clean, limit)


def clip(value: str, limit: int) -> str:
    """At most ``limit`` characters and a note of how many are missing."""
    if len(value) <= limit:
        return value
    return f"{value[:limit].rstrip()} … ({len(value) - limit} characters left out)"


def texts(value: object, *, count: int, limit: int) -> tuple[str, ...]:
    """A list of texts, or one text."""
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(t for item in items[:count] if (t := text(item, limit)))


def lines(first: object, last: object) -> tuple[int | None, int | None]:
    """(line, end line); numbers, numeric texts and ranges such as ``21-23``."""
    start, end = _line_range(first)
    if start is None:
        return None, None
    other = _line_range(last)[0]
    end = other if other is not None else end
    if end is None or end == start:
        return start, None
    return min(start, end), max(start, end)


def _line_range(value: object) -> tuple[int | None, int | None]:
    if isinstance(value, str):
        match = _RANGE.fullmatch(value.strip())
        if match is None:
            return None, None
        return _line(int(match[1])), _line(int(match[2])) if match[2] else None
    return _line(value), None


def _line(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or not 1 <= value <= MAX_LINE or value != int(value):
        return None
    return int(value)


def number(value: object) -> float | None:
    """A number or a numeric text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except ValueError:
        return None
    return None if math.isnan(result) else result


def confidence(value: object) -> float | None:
    """Between 0 and 1; None if it is no number."""
    given = number(value)
    return None if given is None else min(1.0, max(0.0, given))


def side(value: object) -> Side:
    """The head unless the base is named."""
    named = isinstance(value, str) and value.strip().upper() in ("LEFT", "BASE", "OLD")
    return Side.LEFT if named else Side.RIGHT
