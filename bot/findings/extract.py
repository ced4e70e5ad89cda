"""Finds JSON objects in a narrative, in linear time on any text.

Agents put their answer at the end: bare, in a fence, or with a word after it; what stands before
may quote anything, also code of the pull request made to be slow to read. So every attempt to
decode is charged for what it looked at, and the total is bounded. When the way from the front
becomes too expensive, the rest is read from the back, where the answer stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_FACTOR = 8
_FLOOR = 256 * 1024
_BLIND_CHARGE = 4096
"""What an attempt costs that does not tell how far it came (nesting deeper than the decoder)."""
_WINDOW = 512
"""The decoder counts the lines before an error, so it is given no more text than it needs."""

_START = re.compile(r'\{\s{0,64}["}]')


def _integer(digits: str) -> int | float:
    # int() refuses thousands of digits with an error that says nothing about the position.
    return int(digits) if len(digits) < 40 else float(digits)


_decoder = json.JSONDecoder(parse_int=_integer, strict=False)

Accept = Callable[[dict[str, Any]], bool]


def last_object(text: str, accept: Accept) -> dict[str, Any] | None:
    """The last object of ``text`` that ``accept`` takes; an outer one counts, not its parts."""
    budget = _FACTOR * len(text) + _FLOOR
    found: dict[str, Any] | None = None
    start = _START.search(text)
    while start is not None and budget > 0:
        value, end, charge = _attempt(text, start.start())
        budget -= charge
        if value is not None and accept(value):
            found = value
        start = _START.search(text, end)
    if start is None:
        return found
    return _from_the_back(text, start.start(), accept) or found


def _from_the_back(text: str, stop: int, accept: Accept) -> dict[str, Any] | None:
    budget = _FACTOR * len(text) + _FLOOR
    for position in _starts_backwards(text, stop):
        value, _end, charge = _attempt(text, position)
        if value is not None and accept(value):
            return value
        budget -= charge
        if budget <= 0:
            break
    return None


def _starts_backwards(text: str, stop: int) -> Iterator[int]:
    position = text.rfind("{", stop)
    while position >= 0:
        if _START.match(text, position):
            yield position
        position = text.rfind("{", stop, position)


def _attempt(text: str, position: int) -> tuple[dict[str, Any] | None, int, int]:
    """(the object that starts here, where to go on, what looking cost)."""
    size, charge = _WINDOW, 0
    while True:
        window = text[position : position + size]
        try:
            value, end = _decoder.raw_decode(window)
        except json.JSONDecodeError as error:
            charge += 1 + error.pos + len(window) // 16
            if len(window) < size or not _cut_short(error, window):
                return None, position + 1, charge
            size *= 8
        except RecursionError:
            return None, position + 1, charge + _BLIND_CHARGE
        else:
            return value, position + end, charge + end


def _cut_short(error: json.JSONDecodeError, window: str) -> bool:
    """Whether the error may be the window's end, not the text's fault."""
    return error.pos >= len(window) - 8 or error.msg.startswith("Unterminated string")
