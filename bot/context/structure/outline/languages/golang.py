"""Go."""

from __future__ import annotations

import re

import tree_sitter_go
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, text, whole
from bot.models.structure import Kind

_TYPE = re.compile(r"\*?\s*(\w+)\s*(?:\[[^\]]*\])?\s*\)$")


def _receiver(node: Node) -> tuple[str, ...]:
    """A method stands beside its type, and is below it."""
    match = _TYPE.search(text(node.child_by_field_name("receiver")))
    return (match[1],) if match else ()


_CONSTANT = Rule(kind=Kind.CONSTANT, body=("value",), scope=False, top=True)
GRAMMAR = Grammar(
    name="go",
    extensions=(".go",),
    load=lambda: Language(tree_sitter_go.language()),
    rules={
        "function_declaration": Rule(kind=Kind.FUNCTION),
        "method_declaration": Rule(kind=Kind.FUNCTION, parents=_receiver),
        "type_spec": Rule(kind=Kind.TYPE, body=("field_declaration_list", "type")),
        "type_alias": Rule(kind=Kind.TYPE, body=("type",), scope=False),
        "method_elem": Rule(kind=Kind.FUNCTION, scope=False),
        "import_spec": Rule(kind=Kind.IMPORT, name=whole, scope=False),
        "const_spec": _CONSTANT,
        "var_spec": _CONSTANT,
    },
)
