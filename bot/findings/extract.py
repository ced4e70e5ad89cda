"""Finds JSON objects in a narrative, in linear time on any text.

Agents put their answer at the end: bare, in a fence, or with a word after it; what stands before
may quote anything, also code of the pull request made to be slow to read. So every attempt to
decode is charged for what it looked at, and the total is bounded. When the way from the front
becomes too expensive, the rest is read from the back, where the answer stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

_FACTOR = 4
_FLOOR = 64 * 1024
_BLIND_CHARGE = 4096
"""What an attempt costs that does not tell how far it came (nesting deeper than the decoder)."""


def _integer(digits: str) -> int | float:
    # int() refuses thousands of digits with an error that says nothing about the position.
    return int(digits) if len(digits) < 40 else float(digits)


_decoder = json.JSONDecoder(parse_int=_integer, strict=False)

Accept = Callable[[dict[str, Any]], bool]


def last_object(text: str, accept: Accept) -> dict[str, Any] | None:
    """The last object of ``text`` that ``accept`` takes; an outer one counts, not its parts."""
    budget = _FACTOR * len(text) + _FLOOR
    found: dict[str, Any] | None = None
    position = text.find("{")
    while position >= 0 and budget > 0:
        value, end, charge = _attempt(text, position)
        budget -= charge
        if value is not None and accept(value):
            found = value
        position = text.find("{", end)
    if position < 0:
        return found
    return _from_the_back(text, position, accept) or found


def _from_the_back(text: str, stop: int, accept: Accept) -> dict[str, Any] | None:
    budget = _FACTOR * len(text) + _FLOOR
    for position in _braces_backwards(text, stop):
        value, _end, charge = _attempt(text, position)
        if value is not None and accept(value):
            return value
        budget -= charge
        if budget <= 0:
            break
    return None


def _braces_backwards(text: str, stop: int) -> Iterator[int]:
    position = text.rfind("{", stop)
    while position >= 0:
        yield position
        position = text.rfind("{", stop, position)


def _attempt(text: str, position: int) -> tuple[dict[str, Any] | None, int, int]:
    """(the object that starts here, where to go on, what looking cost)."""
    try:
        value, end = _decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        return None, position + 1, max(1, error.pos - position)
    except RecursionError:
        return None, position + 1, _BLIND_CHARGE
    return value, end, end - position
