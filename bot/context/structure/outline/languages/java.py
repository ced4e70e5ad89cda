"""Java."""

from __future__ import annotations

import tree_sitter_java
from tree_sitter import Language

from bot.context.structure.outline.grammar import Grammar, Rule, whole
from bot.models.structure import Kind

_TYPE = Rule(kind=Kind.TYPE)
_METHOD = Rule(kind=Kind.FUNCTION)
GRAMMAR = Grammar(
    name="java",
    extensions=(".java",),
    load=lambda: Language(tree_sitter_java.language()),
    rules={
        "class_declaration": _TYPE,
        "interface_declaration": _TYPE,
        "enum_declaration": _TYPE,
        "record_declaration": _TYPE,
        "annotation_type_declaration": _TYPE,
        "method_declaration": _METHOD,
        "constructor_declaration": _METHOD,
        "compact_constructor_declaration": _METHOD,
        "annotation_type_element_declaration": _METHOD,
        "package_declaration": Rule(kind=Kind.IMPORT, name=whole, scope=False),
        "import_declaration": Rule(kind=Kind.IMPORT, name=whole, scope=False),
    },
)
