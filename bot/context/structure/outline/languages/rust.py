"""Rust."""

from __future__ import annotations

import tree_sitter_rust
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, Said, text, whole
from bot.models.structure import Kind


def _implemented(node: Node) -> Said:
    """The type; which trait, the signature says."""
    kind = node.child_by_field_name("type")
    if kind is not None and kind.type == "generic_type":
        kind = kind.child_by_field_name("type")
    return text(kind) or None


_TYPE = Rule(kind=Kind.TYPE)
_CONSTANT = Rule(kind=Kind.CONSTANT, body=("value",), scope=False)
GRAMMAR = Grammar(
    name="rust",
    extensions=(".rs",),
    load=lambda: Language(tree_sitter_rust.language()),
    rules={
        "function_item": Rule(kind=Kind.FUNCTION),
        "function_signature_item": Rule(kind=Kind.FUNCTION, scope=False),
        "struct_item": _TYPE,
        "enum_item": _TYPE,
        "union_item": _TYPE,
        "trait_item": _TYPE,
        "type_item": Rule(kind=Kind.TYPE, body=("type",), scope=False),
        "associated_type": Rule(kind=Kind.TYPE, scope=False),
        "impl_item": Rule(kind=Kind.TYPE, name=_implemented),
        "mod_item": Rule(kind=Kind.MODULE),
        "macro_definition": Rule(kind=Kind.FUNCTION, body=("macro_rule",), scope=False),
        "const_item": _CONSTANT,
        "static_item": _CONSTANT,
        "use_declaration": Rule(kind=Kind.IMPORT, name=whole, scope=False),
        "extern_crate_declaration": Rule(kind=Kind.IMPORT, name=whole, scope=False),
    },
    wrappers=frozenset(),
)
