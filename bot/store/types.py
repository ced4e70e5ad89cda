"""Column types that keep what they are given, on both databases.

Paths decoded with ``surrogateescape`` hold lone surrogates, which neither database takes; texts
of a hostile change hold NUL, which PostgreSQL refuses and SQLite's functions stop at. Both are
written as an escape that no text holds by itself after escaping, and come back unchanged.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

MARK = "\x1a"
"""SUBSTITUTE: the control character meant for what cannot be represented."""

_UNSAFE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile(MARK + "([0-9a-f]{4})")


def escape(text: str) -> str:
    """A text that both databases take; the same text unless it holds what they refuse."""
    if text.isascii() and "\x00" not in text and MARK not in text:
        return text
    return _UNSAFE.sub(lambda match: f"{MARK}{ord(match[0]):04x}", text)


def unescape(text: str) -> str:
    """The inverse of `escape`."""
    if MARK not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def dump_json(value: Any) -> str:
    # Not ASCII-only: two lone surrogates side by side would come back as one character.
    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def load_json(text: str) -> Any:
    return json.loads(unescape(text))


class SafeText(TypeDecorator[str]):
    """Any ``str``."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else escape(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unescape(value)


class SafeJson(TypeDecorator[Any]):
    """Plain values as JSON text. Nothing queries inside, so it is no database type."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else dump_json(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else load_json(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, read back in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value.isoformat()}")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
