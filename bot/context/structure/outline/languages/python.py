"""Python."""

from __future__ import annotations

import tree_sitter_python
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, Said, text, whole
from bot.models.structure import Kind


def _constant(node: Node) -> Said:
    """A name in capitals, a type alias, or anything annotated, at the top of the module."""
    left = node.child_by_field_name("left")
    if left is None or left.type != "identifier":
        return None
    name = text(left)
    return name if name.isupper() or node.child_by_field_name("type") is not None else None


def _alias(node: Node) -> Said:
    left = node.child_by_field_name("left")
    return text(left).partition("[")[0] or None


_IMPORT = Rule(kind=Kind.IMPORT, name=whole, scope=False, top=True)
GRAMMAR = Grammar(
    name="python",
    extensions=(".py", ".pyi", ".pyw"),
    load=lambda: Language(tree_sitter_python.language()),
    rules={
        "function_definition": Rule(kind=Kind.FUNCTION),
        "class_definition": Rule(kind=Kind.TYPE),
        "type_alias_statement": Rule(kind=Kind.TYPE, name=_alias, scope=False),
        "import_statement": _IMPORT,
        "import_from_statement": _IMPORT,
        "future_import_statement": _IMPORT,
        "assignment": Rule(
            kind=Kind.CONSTANT, name=_constant, body=("right",), scope=False, top=True
        ),
    },
    wrappers=frozenset({"decorated_definition"}),
)
