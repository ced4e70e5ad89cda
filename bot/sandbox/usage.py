"""Reads from a model's answer, as it passes by, how many tokens it used. Pure.

What was used is known when the answer says it at its end: a torn one is unknown, whatever it said
at its beginning. Nothing here raises on any bytes, and memory is bounded: what is too long to be
kept is unknown.
"""

from __future__ import annotations

import json
from typing import Any

from bot.models import ModelUsage
from bot.sandbox.uplink import Dialect

MAX_LINE = 8 * 1024 * 1024
"""One vendor ends its stream with a line that holds the whole answer."""
MAX_BODY = 32 * 1024 * 1024
MAX_TOKENS = 10**12


class UsageReader:
    """Fed with an answer's pieces, cut anywhere."""

    def __init__(self, dialect: Dialect, content_type: str, model: str) -> None:
        self._dialect = dialect
        self._stream = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        self._usage: dict[str, int] = {}
        self._final = False
        """One vendor begins with what was read and one token of answer; the end has the rest."""
        self._model = model
        self._held = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> None:
        if self._stream:
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                self._keep(part, MAX_LINE)
                self._line()
            self._keep(rest, MAX_LINE)
        else:
            self._keep(chunk, MAX_BODY)

    def result(self) -> ModelUsage | None:
        """None: the answer has not said it."""
        self._line() if self._stream else self._whole()
        if not self._usage or not self._final:
            return None
        told = self._usage
        return ModelUsage(
            model=self._model,
            input=told.get("input", 0),
            cache_read=told.get("cache_read", 0),
            cache_write=told.get("cache_write", 0),
            cache_write_1h=min(told.get("cache_write_1h", 0), told.get("cache_write", 0)),
            output=told.get("output", 0),
        )

    def _keep(self, part: bytes, limit: int) -> None:
        if self._skipping or len(self._held) + len(part) > limit:
            self._skipping = True
            self._held.clear()
        else:
            self._held += part

    def _line(self) -> None:
        line, skipped = bytes(self._held), self._skipping
        self._held.clear()
        self._skipping = False
        if not skipped and line.startswith(b"data:") and (b"sage" in line):
            self._note(_read(line[len(b"data:") :]))

    def _whole(self) -> None:
        if self._skipping or not self._held:
            return
        read = _read(bytes(self._held))
        self._held.clear()
        for part in read if isinstance(read, list) else [read]:
            self._note(part)

    def _note(self, part: object) -> None:
        if not isinstance(part, dict):
            return
        match self._dialect:
            case Dialect.ANTHROPIC:
                self._usage.update(_anthropic(part))
                self._final = self._final or isinstance(part.get("usage"), dict)
                return
            case Dialect.OPENAI:
                self._usage.update(_openai(part))
            case Dialect.GEMINI:
                self._usage.update(_gemini(part))
        self._final = True


def _read(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _anthropic(part: dict[str, Any]) -> dict[str, int]:
    """A stream begins with what was read and ends with what was written; a body has both."""
    message = _object(part.get("message"))
    usage = _object(part.get("usage")) or _object(message.get("usage"))
    told: dict[str, int] = {}
    fresh = _count(usage.get("input_tokens"))
    if fresh is not None:
        read = _count(usage.get("cache_read_input_tokens")) or 0
        written = _count(usage.get("cache_creation_input_tokens")) or 0
        told |= {"input": fresh + read + written, "cache_read": read, "cache_write": written}
    # A stream says it at its beginning only.
    kept = _count(_object(usage.get("cache_creation")).get("ephemeral_1h_input_tokens"))
    if kept is not None:
        told["cache_write_1h"] = kept
    output = _count(usage.get("output_tokens"))
    if output is not None:
        told["output"] = output
    return told


def _openai(part: dict[str, Any]) -> dict[str, int]:
    """Both APIs: ``responses`` and ``chat/completions`` have other names for the same."""
    usage = _object(part.get("usage")) or _object(_object(part.get("response")).get("usage"))
    told: dict[str, int] = {}
    sent = _first(usage, "input_tokens", "prompt_tokens")
    if sent is not None:
        details = _object(usage.get("input_tokens_details") or usage.get("prompt_tokens_details"))
        cached = _count(details.get("cached_tokens")) or 0
        told |= {"input": sent, "cache_read": min(cached, sent)}
    received = _first(usage, "output_tokens", "completion_tokens")
    if received is not None:
        told["output"] = received
    return told


def _gemini(part: dict[str, Any]) -> dict[str, int]:
    """Thoughts are paid like the answer, the prompts of tools like the prompt."""
    usage = _object(part.get("usageMetadata"))
    told: dict[str, int] = {}
    sent = _count(usage.get("promptTokenCount"))
    if sent is not None:
        sent += _count(usage.get("toolUsePromptTokenCount")) or 0
        cached = _count(usage.get("cachedContentTokenCount")) or 0
        told |= {"input": sent, "cache_read": min(cached, sent)}
    written = _count(usage.get("candidatesTokenCount"))
    thought = _count(usage.get("thoughtsTokenCount"))
    if written is not None or thought is not None:
        told["output"] = (written or 0) + (thought or 0)
    return told


def _first(usage: dict[str, Any], *names: str) -> int | None:
    return next((n for name in names if (n := _count(usage.get(name))) is not None), None)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return value if good and isinstance(value, int) else None
