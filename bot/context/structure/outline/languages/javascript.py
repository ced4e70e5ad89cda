"""JavaScript and TypeScript, with and without elements in them."""

from __future__ import annotations

from collections.abc import Callable

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, Said, named, text, whole
from bot.models.structure import Kind

_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function", "function"})


def _holds(
    field: str, kinds: frozenset[str], name: Callable[[Node], Said]
) -> Callable[[Node], Said]:
    """A name for what is a function (or class) only by its value."""

    def said(node: Node) -> Said:
        value = node.child_by_field_name(field)
        return name(node) if value is not None and value.type in kinds else None

    return said


def _left(node: Node) -> Said:
    """``exports.x``, ``Thing.prototype.x``: the last part."""
    left = node.child_by_field_name("left")
    if left is not None and left.type == "identifier":
        return text(left)
    if left is None or left.type != "member_expression":
        return None
    return text(left.child_by_field_name("property")) or None


def _owner(node: Node) -> tuple[str, ...]:
    left = node.child_by_field_name("left")
    owner = "" if left is None else text(left.child_by_field_name("object"))
    owner = owner.removesuffix(".prototype")
    return () if owner in ("", "this", "exports", "module.exports", "module") else (owner,)


def _own_name(node: Node) -> Said:
    """Of a function in an expression, unless what it is assigned to has the same."""
    name, around = named(node), node.parent
    if name is None or around is None:
        return name
    return None if name in (named(around), _left(around), _key(around), _property(around)) else name


def _key(node: Node) -> Said:
    return text(node.child_by_field_name("key")).strip("'\"") or None


def _property(node: Node) -> Said:
    return text(node.child_by_field_name("property")) or named(node)


def _export(node: Node) -> Said:
    """``export … from``: what else is exported is a definition of its own."""
    return text(node) if node.child_by_field_name("source") is not None else None


def _require(node: Node) -> Said:
    """``const x = require("y")``, and other constants at the top."""
    value = node.child_by_field_name("value")
    if value is None or value.type in _FUNCTIONS or value.type == "class":
        return None
    return named(node)


_MEMBER = Rule(kind=Kind.FUNCTION)
_VALUE = ("value",)
_JAVASCRIPT = {
    "function_declaration": Rule(kind=Kind.FUNCTION),
    "generator_function_declaration": Rule(kind=Kind.FUNCTION),
    "class_declaration": Rule(kind=Kind.TYPE),
    "class": Rule(kind=Kind.TYPE),
    "method_definition": _MEMBER,
    "function_expression": Rule(kind=Kind.FUNCTION, name=_own_name),
    "generator_function": Rule(kind=Kind.FUNCTION, name=_own_name),
    "variable_declarator": Rule(kind=Kind.FUNCTION, name=_holds("value", _FUNCTIONS, named)),
    "assignment_expression": Rule(
        kind=Kind.FUNCTION, name=_holds("right", _FUNCTIONS, _left), parents=_owner
    ),
    "pair": Rule(kind=Kind.FUNCTION, name=_holds("value", _FUNCTIONS, _key)),
    "field_definition": Rule(kind=Kind.FUNCTION, name=_holds("value", _FUNCTIONS, _property)),
    "import_statement": Rule(kind=Kind.IMPORT, name=whole, scope=False),
    "export_statement": Rule(kind=Kind.IMPORT, name=_export, scope=False),
}
_TYPESCRIPT = {
    **_JAVASCRIPT,
    "public_field_definition": Rule(kind=Kind.FUNCTION, name=_holds("value", _FUNCTIONS, named)),
    "abstract_class_declaration": Rule(kind=Kind.TYPE),
    "interface_declaration": Rule(kind=Kind.TYPE),
    "enum_declaration": Rule(kind=Kind.TYPE),
    "type_alias_declaration": Rule(kind=Kind.TYPE, body=("value",)),
    "function_signature": Rule(kind=Kind.FUNCTION, scope=False),
    "method_signature": Rule(kind=Kind.FUNCTION, scope=False),
    "abstract_method_signature": Rule(kind=Kind.FUNCTION, scope=False),
    "internal_module": Rule(kind=Kind.MODULE),
    "module": Rule(kind=Kind.MODULE),
}
_WRAPPERS = frozenset({"export_statement", "lexical_declaration", "ambient_declaration"})

JAVASCRIPT = Grammar(
    name="javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    load=lambda: Language(tree_sitter_javascript.language()),
    rules=_JAVASCRIPT,
    wrappers=_WRAPPERS,
)
TYPESCRIPT = Grammar(
    name="typescript",
    extensions=(".ts", ".mts", ".cts"),
    load=lambda: Language(tree_sitter_typescript.language_typescript()),
    rules=_TYPESCRIPT,
    wrappers=_WRAPPERS,
)
TSX = Grammar(
    name="tsx",
    extensions=(".tsx",),
    load=lambda: Language(tree_sitter_typescript.language_tsx()),
    rules=_TYPESCRIPT,
    wrappers=_WRAPPERS,
)
