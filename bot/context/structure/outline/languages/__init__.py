"""The languages of which outlines are made, found by a file's extension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from bot.context.structure.outline.grammar import Grammar
from bot.context.structure.outline.languages import (
    cfamily,
    golang,
    java,
    javascript,
    python,
    ruby,
    rust,
)

GRAMMARS: tuple[Grammar, ...] = (
    python.GRAMMAR,
    javascript.JAVASCRIPT,
    javascript.TYPESCRIPT,
    javascript.TSX,
    golang.GRAMMAR,
    ruby.GRAMMAR,
    java.GRAMMAR,
    rust.GRAMMAR,
    cfamily.C,
    cfamily.CPP,
)
_BY_EXTENSION: Mapping[str, Grammar] = {
    extension: grammar for grammar in GRAMMARS for extension in grammar.extensions
}


def grammar_of(path: str) -> Grammar | None:
    """By the extension, whatever its case; None for a language that is not known here."""
    return _BY_EXTENSION.get(PurePosixPath(path).suffix.lower())
