"""C and C++."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_c
import tree_sitter_cpp
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, Said, named, text, whole
from bot.models.structure import Kind

_NAMES = frozenset(
    {
        "identifier", "field_identifier", "type_identifier", "destructor_name", "operator_name",
        "operator_cast", "qualified_identifier", "template_function", "template_method",
        "primitive_type",
    }
)  # fmt: skip
_FUNCTION = "function_declarator"


def _inward(node: Node) -> Iterator[Node]:
    """A declarator wraps what it declares: pointers, references, arrays, parentheses."""
    inner = node.child_by_field_name("declarator")
    while inner is not None:
        yield inner
        if inner.type in _NAMES:
            return
        nearer = inner.child_by_field_name("declarator")
        if nearer is None:
            nearer = next(
                (
                    c
                    for c in inner.named_children
                    if c.type.endswith("declarator") or c.type in _NAMES
                ),
                None,
            )
        inner = nearer


def _declared(node: Node) -> tuple[str, ...]:
    """``a::B::c`` in parts; empty where no function is declared."""
    chain = list(_inward(node))
    cast = next((n for n in chain if n.type == "operator_cast"), None)
    if cast is not None:
        return (text(cast).partition("(")[0].strip(),)
    if not any(n.type == _FUNCTION for n in chain):
        return ()
    last = chain[-1]
    parts: list[str] = []
    while last.type == "qualified_identifier":
        scope = last.child_by_field_name("scope")
        if scope is not None and scope.type == "template_type":
            scope = scope.child_by_field_name("name")
        if scope is not None:
            parts.append(text(scope))
        inner = last.child_by_field_name("name")
        if inner is None:
            break
        last = inner
    if last.type == "operator_cast":
        return (*parts, text(last).partition("(")[0].strip())
    if last.type in ("template_function", "template_method"):
        last = last.child_by_field_name("name") or last
    return (*parts, text(last)) if last.type in _NAMES else ()


def _name(node: Node) -> Said:
    return (_declared(node) or (None,))[-1]


def _scopes(node: Node) -> tuple[str, ...]:
    return _declared(node)[:-1]


def _with_body(node: Node) -> Said:
    """A type that is defined here, and not only spoken of."""
    return named(node) if node.child_by_field_name("body") is not None else None


def _typedef(node: Node) -> Said:
    return text((list(_inward(node)) or [node])[-1])


_STRUCT = Rule(kind=Kind.TYPE, name=_with_body)
_PROTOTYPE = Rule(kind=Kind.FUNCTION, name=_name, parents=_scopes, scope=False)
_IMPORT = Rule(kind=Kind.IMPORT, name=whole, scope=False)
_C = {
    "function_definition": Rule(kind=Kind.FUNCTION, name=_name, parents=_scopes),
    "declaration": _PROTOTYPE,
    "struct_specifier": _STRUCT,
    "union_specifier": _STRUCT,
    "enum_specifier": _STRUCT,
    "type_definition": Rule(kind=Kind.TYPE, name=_typedef, scope=False),
    "preproc_include": _IMPORT,
    "preproc_def": Rule(kind=Kind.CONSTANT, scope=False),
    "preproc_function_def": Rule(kind=Kind.FUNCTION, body=("value",), scope=False),
}
_CPP = {
    **_C,
    "field_declaration": _PROTOTYPE,
    "class_specifier": _STRUCT,
    "namespace_definition": Rule(kind=Kind.MODULE),
    "alias_declaration": Rule(kind=Kind.TYPE, scope=False),
    "concept_definition": Rule(kind=Kind.TYPE, scope=False),
    "using_declaration": _IMPORT,
}

C = Grammar(
    name="c",
    extensions=(".c",),
    load=lambda: Language(tree_sitter_c.language()),
    rules=_C,
)
CPP = Grammar(
    name="cpp",
    extensions=(".h", ".hh", ".hpp", ".hxx", ".cc", ".cpp", ".cxx", ".c++", ".inl"),
    load=lambda: Language(tree_sitter_cpp.language()),
    rules=_CPP,
    wrappers=frozenset({"template_declaration"}),
)
