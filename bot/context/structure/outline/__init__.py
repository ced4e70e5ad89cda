"""A long file in short: what it defines, with line ranges, and its changed regions in full."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bot.context.structure.outline.languages import grammar_of
from bot.context.structure.outline.read import definitions
from bot.context.structure.outline.write import written
from bot.models.structure import Outline

LONG = 200
"""Lines; a shorter file is read whole."""
MAX_BYTES = 2 * 1024 * 1024
SAVED = 5
"""The entries cost at most one part in so many of what the whole file would."""


def outline(
    path: str,
    source: bytes,
    changed: Collection[int],
    *,
    limit: int,
    count: Callable[[str], int],
) -> Outline | None:
    """At most ``limit`` tokens; None for a file that is short, no text, too large or of a
    language that is not known here.
    """
    grammar = grammar_of(path)
    if grammar is None or len(source) > MAX_BYTES or b"\0" in source:
        return None
    whole = source.decode("utf-8", "replace")
    lines = whole.split("\n")
    if len(lines) - (lines[-1] == "") <= LONG:
        return None
    found = definitions(source, grammar)
    text, clipped = written(
        found,
        [line.removesuffix("\r") for line in lines],
        changed,
        limit=limit,
        short=count(whole) // SAVED,
        count=count,
    )
    return Outline(path=path, language=grammar.name, lines=len(lines), text=text, clipped=clipped)
