"""The output of a test framework, made ready to be read line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.testrun.tally import Tally

MAX_LINE = 1000
"""What a framework says of itself is short; a longer line is somebody's data."""
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_COUNT = re.compile(r"(\d{1,9}) ([a-z]+(?: [a-z]+)?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """What was said, and on which line: of several summaries the last one counts."""

    line: int
    tally: Tally


Reader = Callable[[list[str]], Spoken | None]
"""None: this framework has not spoken."""


def lines(text: str) -> list[str]:
    """Without colours, and without what is too long to be a framework's own."""
    plain = _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return [line.rstrip() for line in plain.split("\n") if len(line) <= MAX_LINE]


def last(found: list[str], pattern: re.Pattern[str]) -> tuple[int, re.Match[str]] | None:
    """The last line that matches as a whole."""
    for number in range(len(found) - 1, -1, -1):
        if match := pattern.fullmatch(found[number]):
            return number, match
    return None


def numbers(text: str) -> Mapping[str, int]:
    """``2 failed, 1 passed`` as counts by word."""
    return {word: int(count) for count, word in _COUNT.findall(text)}
