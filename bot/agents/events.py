"""What keepers of events ask of one: how large it is, and whether it tells how an agent ended."""

from __future__ import annotations

from typing import assert_never

from bot.models import AssistantText, Event, Finished, RunError, Started, Tokens, ToolCall

OVERHEAD = 64
"""What a record costs besides its text, in characters."""


def size(event: Event) -> int:
    """Roughly what it costs to keep, in characters."""
    match event:
        case AssistantText():
            return OVERHEAD + len(event.text)
        case ToolCall():
            return OVERHEAD + len(event.name) + len(event.args)
        case RunError():
            return OVERHEAD + len(event.message)
        case Started() | Tokens() | Finished():
            return OVERHEAD
        case _:
            assert_never(event)


def tells_the_end(event: Event) -> bool:
    """How an agent ended, or why it will fail: never left out, however long the stream was."""
    match event:
        case Finished():
            return True
        case RunError():
            return not event.warning
        case Started() | AssistantText() | ToolCall() | Tokens():
            return False
        case _:
            assert_never(event)
