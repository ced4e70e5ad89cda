"""Definitions of a file by another way than harness's own: to be compared with.

Python's are those of its own `ast`. Of the other languages they are what the grammar's authors tag
(``tags.scm``, in the wheels), and for TypeScript, whose wheel has none, every named node whose type
says that it declares something.
"""

from __future__ import annotations

import ast
import re

from tree_sitter import Language, Node, Parser, Query, QueryCursor

from bot.context.structure.outline.grammar import Grammar

Defined = tuple[str, int, str]
"""(name, line of the name, the name of what encloses it, if the oracle knows)."""

_TYPESCRIPT = re.compile(
    r"(function|class|interface|enum|type_alias)_declaration|(method|function)_(signature|definition)"
    r"|abstract_method_signature|generator_function_declaration|abstract_class_declaration"
)
_KINDS = re.compile(r"definition\.(function|method|class|interface|module|type|macro|enum|struct)")


def of_python(source: bytes) -> list[Defined]:
    """Every ``def`` and ``class``, however deep; the enclosing chain joined by dots."""
    found: list[Defined] = []
    waiting: list[tuple[ast.AST, str]] = [(ast.parse(source), "")]
    while waiting:
        node, chain = waiting.pop()
        below = chain
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append((node.name, node.lineno, chain))
            below = f"{chain}.{node.name}" if chain else node.name
        waiting += [(child, below) for child in ast.iter_child_nodes(node)]
    return found


def of_tags(source: bytes, grammar: Grammar, tags: str) -> list[Defined]:
    """What the grammar's own query calls a definition."""
    language = grammar.load()
    root = Parser(language).parse(source).root_node
    if grammar.name in ("typescript", "tsx"):
        pairs = _typescript(root)
    else:
        pairs = _tagged(root, language, tags)
    return _enclosed(pairs)


def _tagged(root: Node, language: Language, tags: str) -> list[tuple[Node, Node]]:
    pairs: list[tuple[Node, Node]] = []
    for _number, captures in QueryCursor(Query(language, tags)).matches(root):
        whole = next((n[0] for kind, n in captures.items() if _KINDS.fullmatch(kind)), None)
        name = captures.get("name")
        if whole is not None and name and not _only_spoken_of(whole):
            pairs.append((whole, name[0]))
    return pairs


def _only_spoken_of(node: Node) -> bool:
    """``class A;`` and ``struct a *b``: the tags of C and C++ do not tell them from definitions."""
    named = node.type.endswith("_specifier")
    return named and node.child_by_field_name("body") is None


def _typescript(root: Node) -> list[tuple[Node, Node]]:
    pairs: list[tuple[Node, Node]] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        name = node.child_by_field_name("name")
        if name is not None and _TYPESCRIPT.fullmatch(node.type):
            pairs.append((node, name))
        waiting += node.children
    return pairs


def _enclosed(pairs: list[tuple[Node, Node]]) -> list[Defined]:
    """By the smallest other definition around the name."""
    unique = {(w.start_byte, w.end_byte, n.start_byte): (w, n) for w, n in pairs}
    ordered = sorted(unique.values(), key=lambda pair: (pair[0].start_byte, -pair[0].end_byte))
    found: list[Defined] = []
    stack: list[tuple[Node, Node]] = []
    for whole, name in ordered:
        while stack and stack[-1][0].end_byte <= whole.start_byte:
            stack.pop()
        around = [
            _text(n)
            for w, n in stack
            # A function that has the name of what it is assigned to is one thing, and so is a
            # structure with the name that a typedef gives it.
            if w.type != "type_definition"
            and w.end_byte >= whole.end_byte
            and w.id != whole.id
            and _text(n) != _text(name)
        ]
        found.append((_text(name), name.start_point.row + 1, around[-1] if around else ""))
        stack.append((whole, name))
    return found


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace").removeprefix(":")
