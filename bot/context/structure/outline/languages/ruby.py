"""Ruby."""

from __future__ import annotations

import tree_sitter_ruby
from tree_sitter import Language, Node

from bot.context.structure.outline.grammar import Grammar, Rule, Said, text
from bot.models.structure import Kind

_IMPORTS = frozenset({"require", "require_relative", "load", "autoload"})
_PARTS = ("body_statement", "body")


def _import(node: Node) -> Said:
    return text(node) if text(node.child_by_field_name("method")) in _IMPORTS else None


def _singleton(node: Node) -> Said:
    """``class << self``: its methods belong to the class around it."""
    return f"<< {text(node.child_by_field_name('value'))}"


def _alias(node: Node) -> Said:
    return text(node.child_by_field_name("name")).removeprefix(":") or None


def _constant(node: Node) -> Said:
    left = node.child_by_field_name("left")
    return text(left) if left is not None and left.type == "constant" else None


_METHOD = Rule(kind=Kind.FUNCTION, body=("body", "body_statement"))
GRAMMAR = Grammar(
    name="ruby",
    extensions=(".rb", ".rake", ".gemspec"),
    load=lambda: Language(tree_sitter_ruby.language()),
    rules={
        "method": _METHOD,
        "singleton_method": _METHOD,
        "alias": Rule(kind=Kind.FUNCTION, name=_alias, scope=False),
        "class": Rule(kind=Kind.TYPE, body=_PARTS),
        "module": Rule(kind=Kind.TYPE, body=_PARTS),
        "singleton_class": Rule(kind=Kind.TYPE, name=_singleton, body=_PARTS),
        "call": Rule(kind=Kind.IMPORT, name=_import, scope=False),
        "assignment": Rule(kind=Kind.CONSTANT, name=_constant, body=("right",), scope=False),
    },
)
