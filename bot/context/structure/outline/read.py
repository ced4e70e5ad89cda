"""Definitions of one file, read off the parser's tree.

Nothing here calls itself: a file can nest as deep as it is long.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tree_sitter import Node, Parser

from bot.context.structure.outline.grammar import Grammar, Rule
from bot.models.structure import Definition, Kind

MAX_SIGNATURE = 240
MAX_DEFINITIONS = 20_000
MAX_DEPTH = 60
"""What is nested deeper is not read."""
_QUIET = frozenset({Kind.IMPORT, Kind.CONSTANT})
"""Kinds that enclose nothing."""


@cache
def _parser(grammar: Grammar) -> Parser:
    return Parser(grammar.load())


def definitions(source: bytes, grammar: Grammar) -> tuple[Definition, ...]:
    """In the order in which they begin; of a file that is broken, what can be read."""
    tree = _parser(grammar).parse(source)
    found: list[Definition] = []
    for node, rule, scope, (start, row) in _defining(tree.root_node, grammar):
        name = rule.name(node)
        if name is None or (rule.top and any(kind is not Kind.MODULE for _n, kind, _e in scope)):
            continue
        if len(found) >= MAX_DEFINITIONS:
            break
        enclosing = tuple(name for name, _kind, _end in scope)
        found.append(
            Definition(
                kind=rule.kind,
                name=_flat(name),
                signature=_signature(node, rule, start, source),
                start=row + 1,
                end=_last_row(node) + 1,
                parents=(*enclosing, *map(_flat, rule.parents(node))),
            )
        )
    return tuple(found)


_Scope = list[tuple[str, Kind, int]]


def _defining(root: Node, grammar: Grammar) -> Iterator[tuple[Node, Rule, _Scope, tuple[int, int]]]:
    """(node, its rule, what encloses it, byte and row where it begins with all that is its own)."""
    cursor = root.walk()
    scope: _Scope = []
    wrapped: Node | None = None
    while True:
        node = cursor.node
        if node is None:
            return
        while scope and node.start_byte >= scope[-1][2]:
            scope.pop()
        rule = grammar.rules.get(node.type) if node.is_named else None
        if node.type in grammar.wrappers and (
            wrapped is None or node.start_byte >= wrapped.end_byte
        ):
            wrapped = node
        if rule is not None and len(scope) < MAX_DEPTH:
            first = node
            if wrapped is not None and wrapped.start_byte <= node.start_byte < wrapped.end_byte:
                first, wrapped = wrapped, None
            yield node, rule, list(scope), (first.start_byte, first.start_point.row)
            scope += _below(node, rule)
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _below(node: Node, rule: Rule) -> _Scope:
    """What encloses the definitions inside of this one."""
    name = rule.name(node) if rule.scope and rule.kind not in _QUIET else None
    if name is None:
        return []
    own = [(_flat(parent), Kind.TYPE, node.end_byte) for parent in rule.parents(node)]
    return [*own, (_flat(name), rule.kind, node.end_byte)]


def _signature(node: Node, rule: Rule, start: int, source: bytes) -> str:
    """From its first byte to where its body begins, on one line."""
    end = node.end_byte
    for word in rule.body:
        body = node.child_by_field_name(word)
        if body is None:
            body = next((child for child in node.children if child.type == word), None)
        if body is not None:
            end = body.start_byte
            break
    said = _flat(source[start:end].decode("utf-8", "replace"))
    return said if len(said) <= MAX_SIGNATURE else f"{said[:MAX_SIGNATURE]}…"


def _last_row(node: Node) -> int:
    """A node that ends with its line's end ends on that line."""
    row, column = node.end_point.row, node.end_point.column
    return row - 1 if column == 0 and row > node.start_point.row else row


def _flat(said: str) -> str:
    return " ".join(said.split())
