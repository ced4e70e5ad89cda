"""What is known of one agent so far: the fold of its events that every progress display shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from bot.models import (
    AssistantText,
    Event,
    Finished,
    RunError,
    Started,
    Tokens,
    ToolCall,
)
from bot.models.text import visible

WORDS = 200
_JSON = 64 * 1024
"""Longer texts are not read as an answer only to show one line of them."""


class Doing(StrEnum):
    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One agent's row. Times are seconds of whatever clock the caller reads."""

    doing: Doing = Doing.WAITING
    words: str = ""
    """The last it said, on one line, with hostile characters made visible."""
    error: str = ""
    tokens: int = 0
    started: float | None = None
    ended: float | None = None

    def seconds(self, now: float) -> float:
        if self.started is None:
            return 0.0
        return max(0.0, (now if self.ended is None else self.ended) - self.started)


def heard(standing: Standing, event: Event, now: float) -> Standing:
    """The row after one more event. An agent that starts again has a new row."""
    match event:
        case Started():
            return Standing(doing=Doing.READING, started=now)
        case AssistantText(text=text):
            return replace(standing, words=last_words(text) or standing.words)
        case ToolCall(name=name, args=args):
            return replace(standing, words=last_line(f"{name} {args}"))
        case Tokens(input=sent, output=received):
            return replace(standing, tokens=sent + received or standing.tokens)
        case Finished(success=success):
            return replace(standing, doing=Doing.DONE if success else Doing.FAILED, ended=now)
        case RunError(message=message, warning=True):
            return replace(standing, words=last_line(message))
        case RunError(message=message):
            line = last_line(message)
            return replace(standing, doing=Doing.FAILED, words=line, error=line, ended=now)
        case _:
            assert_never(event)


def last_words(text: str) -> str:
    """Of an answer in JSON, its summary: people do not read braces."""
    if len(text) > _JSON:
        return last_line(text[-_JSON:])
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return last_line(text)
    summary = answer.get("summary") if isinstance(answer, dict) else None
    return last_line(summary if isinstance(summary, str) else text)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return visible(lines[-1])[:WORDS] if lines else ""
