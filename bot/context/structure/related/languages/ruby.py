"""Ruby: ``require_relative``, ``require`` below a ``lib``, ``autoload``, ``load``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import tree_sitter_ruby
from tree_sitter import Language, Node

from bot.context.structure.related.files import Files, joined
from bot.context.structure.related.graph import Edge
from bot.context.structure.related.languages.parsed import literal, nodes

SUFFIXES = (".rb", ".rake", ".gemspec", ".ru")
_CALL = frozenset({"call"})
_ROOTS = ("lib", "app", "spec", "test")


def _ruby() -> Language:
    return Language(tree_sitter_ruby.language())


def edges(files: Files) -> Iterator[Edge]:
    roots = sorted({"", *(f for f in files.folders if PurePosixPath(f).name in _ROOTS)})
    for path in files.with_suffix(*SUFFIXES):
        folder = str(PurePosixPath(path).parent)
        for node in nodes(files.read(path), _ruby, _CALL):
            for base in filter(None, _bases(node, folder, roots)):
                found = next((p for p in (base, f"{base}.rb") if p in files.paths), "")
                if found and found != path:
                    yield path, found
                    break


def _bases(node: Node, folder: str, roots: list[str]) -> Iterator[str | None]:
    method, arguments = (node.child_by_field_name(name) for name in ("method", "arguments"))
    if node.child_by_field_name("receiver") is not None or method is None or arguments is None:
        return
    said = [literal(n) for n in arguments.named_children if n.type == "string"]
    if not said or not said[-1]:
        return
    match method.text:
        case b"require_relative":
            yield joined(folder, said[-1])
        case b"require" | b"load" | b"autoload":
            yield from (joined(root, said[-1]) for root in roots)
        case _:
            return
