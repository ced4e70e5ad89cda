"""Reads a vendor's stream: one JSON object on each line, which its adapter turns into events.

A line that cannot be read costs itself and a warning; an unknown one is ignored, as vendors add
kinds of lines with every version. Whatever a program writes, `Started` comes first and `Finished`
last, and a stream that breaks off is never a success.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from bot.agents.lines import read_lines
from bot.agents.record import NO_END
from bot.models import (
    AssistantText,
    Event,
    FailureKind,
    Finished,
    RunError,
    Started,
    ToolCall,
)

MAX_ARGS = 2_000
MAX_COUNT = 10**12
MAX_USD = Decimal(1_000_000)
_MAX_PLACES = 40  # a number with a million decimal places would be a million characters

Envelope = Mapping[str, Any]


class Reader(Protocol):
    """What the lines of one stream mean; it may remember what it read."""

    def read(self, envelope: Envelope) -> Iterable[Event]:
        """The line's events. `Finished` is held back until the stream ends."""
        ...

    def end(self) -> Iterable[Event]:
        """After the last line, for programs whose stream has no line that ends it."""
        ...


async def read_events(chunks: AsyncIterator[bytes], reader: Reader) -> AsyncIterator[Event]:
    """The events of a whole stream."""
    yield Started()
    finished: Finished | None = None
    trouble: RunError | None = None
    async for line in read_lines(chunks):
        for event in _told(line, reader):
            if isinstance(event, Finished):
                finished = event
                continue
            trouble = _trouble(event, trouble)
            yield event
    for event in reader.end():
        if isinstance(event, Finished):
            finished = event
        else:
            yield event
    if finished is None:
        yield _broken_off(trouble)
    yield finished or Finished(success=False)


def _told(line: str | RunError, reader: Reader) -> Iterable[Event]:
    if isinstance(line, RunError):
        return (line,)
    if not line.strip():
        return ()
    envelope = _envelope(line)
    if envelope is None:
        return (
            RunError(
                message=f"a line of {len(line)} characters is no JSON object",
                kind=FailureKind.UNREADABLE,
                warning=True,
            ),
        )
    return reader.read(envelope)


def _envelope(line: str) -> Envelope | None:
    try:
        value = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value if isinstance(value, dict) else None


def _trouble(event: Event, before: RunError | None) -> RunError | None:
    """A retry that nothing followed is why the stream broke off."""
    if isinstance(event, RunError):
        return event if event.warning and event.kind is not FailureKind.UNREADABLE else before
    return None


def _broken_off(trouble: RunError | None) -> RunError:
    if trouble is None or trouble.kind is FailureKind.CRASHED:
        return RunError(message=NO_END)
    return RunError(message=f"{NO_END}, after: {trouble.message}", kind=trouble.kind)


# --------------------------------------------------------------------------- values of a line


def record(value: object) -> Envelope:
    """An object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """A text that can be encoded; JSON may hold halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def count(value: object) -> int:
    """A number of tokens; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value <= MAX_COUNT else 0


def money(value: object) -> Decimal | None:
    """US dollars, exactly as written; None for anything that is no sensible amount."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, int):
        return Decimal(value) if 0 <= value <= MAX_USD else None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MAX_PLACES or not 0 <= value <= MAX_USD:
        return None
    return value


def said(value: object) -> Iterable[AssistantText]:
    """A whole message as narrative, on lines of its own; nothing if it is empty."""
    words = text(value)
    if words.strip():
        yield AssistantText(text=words if words.endswith("\n") else f"{words}\n")


def used(name: object, args: object) -> ToolCall:
    """A tool and what it was given, for display."""
    given = text(args) if isinstance(args, str) else compact(args) if args else ""
    return ToolCall(name=text(name)[:100] or "tool", args=given[:MAX_ARGS])


def compact(value: object) -> str:
    """JSON on one line; empty where it is nested too deeply to be written again."""
    try:
        return json.dumps(value, separators=(",", ":"), default=float)
    except (ValueError, RecursionError):
        return ""
