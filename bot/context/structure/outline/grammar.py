"""What a language's file says to the reader of definitions: which nodes define, and what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tree_sitter import Language, Node

from bot.models.structure import Kind

Said = str | None
NameOf = Callable[[Node], Said]
"""The name that a node defines; None: it defines nothing after all."""


def text(node: Node | None) -> str:
    """The source of a node; broken UTF-8 becomes replacement characters."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def named(node: Node) -> Said:
    """The field ``name``, which most grammars have."""
    return text(node.child_by_field_name("name")) or None


def whole(node: Node) -> Said:
    """The node itself: for imports."""
    return text(node)


def no_parents(_node: Node) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """How one type of node is read.

    ``scope``: definitions inside are below it. ``body``: the field (or, failing that, the type of
    a child) where the signature ends. ``parents``: names of what encloses it by its own word, as
    the receiver of a method in Go does. ``top``: only where nothing but modules encloses it.
    """

    kind: Kind
    name: NameOf = named
    body: tuple[str, ...] = ("body",)
    parents: Callable[[Node], tuple[str, ...]] = no_parents
    scope: bool = True
    top: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Grammar:
    """One language. ``load`` gives the grammar's own object; it is called once."""

    name: str
    extensions: tuple[str, ...]
    load: Callable[[], Language]
    rules: Mapping[str, Rule]
    wrappers: frozenset[str] = field(default_factory=frozenset)
    """Nodes whose first line belongs to the definition inside: decorators, ``export``."""
