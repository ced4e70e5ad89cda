"""One line of `harness doctor`: what was looked at, how it stands, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How it stands. Only what is BROKEN keeps harness from its job."""

    WORKS = "ok"
    ATTENTION = "!"
    BROKEN = "x"
    UNSET = "-"
    """Not configured, so not looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """``text`` says what was seen; where something is wrong, also what to do."""

    mark: Mark
    subject: str
    text: str


def works(subject: str, text: str) -> Line:
    return Line(mark=Mark.WORKS, subject=subject, text=text)


def attention(subject: str, text: str) -> Line:
    return Line(mark=Mark.ATTENTION, subject=subject, text=text)


def broken(subject: str, text: str) -> Line:
    return Line(mark=Mark.BROKEN, subject=subject, text=text)


def unset(subject: str, text: str) -> Line:
    return Line(mark=Mark.UNSET, subject=subject, text=text)
