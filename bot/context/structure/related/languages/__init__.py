"""The languages whose imports are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.context.structure.related.files import Files
from bot.context.structure.related.graph import Edge
from bot.context.structure.related.languages import golang, javascript, python, ruby

READERS: tuple[tuple[tuple[str, ...], Callable[[Files], Iterator[Edge]]], ...] = (
    (python.SUFFIXES, python.edges),
    (javascript.SUFFIXES, javascript.edges),
    (golang.SUFFIXES, golang.edges),
    (ruby.SUFFIXES, ruby.edges),
)
"""(endings of files, the reader of their edges)."""
