"""Reads values out of GitHub's JSON; an odd payload is an error of GitHub, never a crash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.errors import GitHubError

Payload = dict[str, Any]


def obj(value: Any, what: str) -> Payload:
    """``value`` as an object."""
    if not isinstance(value, dict):
        raise GitHubError(f"GitHub's answer has no {what}", 200)
    return value


def items(value: Any, key: str = "") -> list[Any]:
    """``value`` as a list, or the list under ``key``."""
    listed = obj(value, key).get(key) if key else value
    if not isinstance(listed, list):
        raise GitHubError(f"GitHub's answer has no list{' of ' + key if key else ''}", 200)
    return listed


def text(data: Payload, key: str) -> str:
    """Empty when it is missing or null."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def needed_text(data: Payload, key: str) -> str:
    """A text without which the record means nothing."""
    value = text(data, key)
    if not value:
        raise GitHubError(f"GitHub's answer has no {key}", 200)
    return value


def number(data: Payload, key: str) -> int:
    """A number without which the record means nothing; GraphQL writes big ones as text."""
    found = maybe_number(data, key)
    if found is None:
        raise GitHubError(f"GitHub's answer has no {key}", 200)
    return found


def maybe_number(data: Payload, key: str) -> int | None:
    value = data.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(data: Payload, key: str) -> bool:
    return data.get(key) is True


def moment(data: Payload, key: str) -> datetime:
    """Aware, UTC."""
    try:
        read = datetime.fromisoformat(needed_text(data, key))
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GitHubError(f"GitHub's answer has no time in {key}", 200) from error


def decoded(body: bytes) -> Any:
    """The JSON, or None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def said(body: bytes) -> str:
    """GitHub's own words about an error."""
    read = decoded(body) if len(body) <= 1_000_000 else None
    if not isinstance(read, dict):
        return ""
    details = read.get("errors")
    listed = details if isinstance(details, list) else [details]
    words = [e.get("message") or e.get("code") if isinstance(e, dict) else e for e in listed]
    return sentence([read.get("message"), *words])


def sentence(messages: Sequence[Any]) -> str:
    """Texts of an answer as one short line."""
    texts = [" ".join(m.split()) for m in messages if isinstance(m, str)]
    return "; ".join(text for text in texts if text)[:500]
