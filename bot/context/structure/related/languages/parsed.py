"""Walking a parser's tree for what imports, without calling oneself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from tree_sitter import Language, Node, Parser


@cache
def _parser(load: Callable[[], Language]) -> Parser:
    return Parser(load())


def nodes(source: bytes, load: Callable[[], Language], types: frozenset[str]) -> Iterator[Node]:
    """Nodes of some types, in the order of the file."""
    cursor = _parser(load).parse(source).walk()
    while True:
        node = cursor.node
        if node is not None and node.type in types:
            yield node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def literal(node: Node | None) -> str:
    """What a string says; empty for one that is put together at run time."""
    if node is None or node.text is None:
        return ""
    if any(child.type in ("template_substitution", "interpolation") for child in node.children):
        return ""
    return node.text.decode("utf-8", "replace").strip("'\"`")
