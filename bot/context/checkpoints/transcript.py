"""What people said in a transcript, whatever program wrote it. Pure.

The recorded name of the agent is not believed: files that say "Gemini CLI" hold another program's
format. Each line (or the whole) is taken for what it looks like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MAX_LINES = 20_000
MAX_MESSAGES = 200


def said_by_people(content: bytes, start: int = 0) -> tuple[str, ...]:
    """Messages from line ``start`` (counted from 0) on, the oldest first."""
    whole = _loaded(content)
    if isinstance(whole, dict) and isinstance(whole.get("messages"), list):
        return tuple(_of_messages(whole["messages"][max(0, start) :]))[:MAX_MESSAGES]
    lines = content.split(b"\n")[max(0, start) :][:MAX_LINES]
    return tuple(text for line in lines for text in _of_line(_loaded(line)))[:MAX_MESSAGES]


def _of_line(data: Any) -> Iterator[str]:
    if not isinstance(data, dict):
        return
    payload, message = data.get("payload"), data.get("message")
    if data.get("type") == "user" and isinstance(message, dict) and not data.get("isMeta"):
        if message.get("role", "user") == "user":
            yield from _texts(message.get("content"))
    elif isinstance(payload, dict) and payload.get("role") == "user":
        yield from _texts(payload.get("content"))
    elif data.get("role") == "user":
        yield from _texts(data.get("content"))


def _of_messages(messages: list[Any]) -> Iterator[str]:
    for message in messages:
        if isinstance(message, dict) and "user" in (message.get("type"), message.get("role")):
            yield from _texts(message.get("content") or message.get("parts"))


def _texts(content: Any) -> Iterator[str]:
    """What a tool answered is no word of a person's."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and part.get("type", "text") in ("text", "input_text"):
                text = part.get("text")
                if isinstance(text, str):
                    yield text


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
