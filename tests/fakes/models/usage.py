"""Token counts as a model would tell them: by length, with most of a longer talk from a cache."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.models.script import Asked, Text, Use


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """``cached`` is a part of ``input``."""

    input: int
    cached: int
    output: int


def usage(asked: Asked, reply: Text | Use) -> Usage:
    whole = max(1, asked.size // 4)
    said = len(reply.text) if isinstance(reply, Text) else len(reply.words) + len(str(reply))
    output = reply.tokens if reply.tokens is not None else 1 + said // 4
    return Usage(input=whole, cached=whole * 3 // 4 if asked.results else 0, output=output)
