"""Reads GraphQL documents: just enough to answer the ones a client of GitHub sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""[\s,\ufeff]+|\#[^\n]*|(?P<spread>\.\.\.)|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<name>[_A-Za-z][_0-9A-Za-z]*)"""
    r"""|(?P<sign>[!$():=@\[\]{|}])"""
)
_DEEPEST = 40


class GraphQLSyntax(ValueError):
    """Not a document that can be read here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One selected field; ``on`` is the type of the fragment that it stands in."""

    name: str
    key: str
    arguments: Mapping[str, Any]
    selections: tuple[Field, ...] = ()
    on: str = ""


def operation(document: str, variables: Mapping[str, Any]) -> tuple[str, tuple[Field, ...]]:
    """The kind (query or mutation) and the selected fields, with variables filled in."""
    reader = _Reader(_tokens(document), variables)
    return reader.operation()


def _tokens(document: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(document):
        match = _TOKEN.match(document, place)
        if match is None:
            raise GraphQLSyntax(f"unexpected character {document[place]!r}")
        if match.lastgroup:
            tokens.append((match.lastgroup, match.group()))
        place = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]], variables: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._place = 0
        self._variables = dict(variables)

    def operation(self) -> tuple[str, tuple[Field, ...]]:
        kind = "query"
        if self._peek() != "{":
            kind = self._take()
            if kind not in ("query", "mutation"):
                raise GraphQLSyntax(f"unexpected {kind!r}")
            if self._peek() not in ("(", "{"):
                self._take()
            self._declarations()
        fields = self._selections(0)
        if self._place != len(self._tokens):
            raise GraphQLSyntax("one operation only")
        return kind, fields

    def _declarations(self) -> None:
        if self._peek() != "(":
            return
        self._take("(")
        while self._peek() != ")":
            self._take("$")
            name = self._take()
            self._take(":")
            needed = self._type()
            if self._peek() == "=":
                self._take("=")
                self._variables.setdefault(name, self._value())
            if needed and self._variables.get(name) is None:
                raise GraphQLSyntax(f"Variable ${name} was provided invalid value")
            self._variables.setdefault(name, None)
        self._take(")")

    def _type(self) -> bool:
        if self._peek() == "[":
            self._take("[")
            self._type()
            self._take("]")
        else:
            self._take()
        if self._peek() == "!":
            self._take("!")
            return True
        return False

    def _selections(self, depth: int, on: str = "") -> tuple[Field, ...]:
        if depth > _DEEPEST:
            raise GraphQLSyntax("nested too deeply")
        self._take("{")
        fields: list[Field] = []
        while self._peek() != "}":
            if self._peek() == "...":
                self._take("...")
                self._take("on")
                fields += self._selections(depth + 1, self._take())
            else:
                fields.append(self._field(depth, on))
        self._take("}")
        return tuple(fields)

    def _field(self, depth: int, on: str) -> Field:
        key = name = self._take()
        if self._peek() == ":":
            self._take(":")
            name = self._take()
        arguments: dict[str, Any] = {}
        if self._peek() == "(":
            self._take("(")
            while self._peek() != ")":
                argument = self._take()
                self._take(":")
                arguments[argument] = self._value()
            self._take(")")
        selections = self._selections(depth + 1) if self._peek() == "{" else ()
        return Field(name=name, key=key, arguments=arguments, selections=selections, on=on)

    def _value(self) -> Any:
        kind, text = self._next()
        if text == "$":
            name = self._take()
            if name not in self._variables:
                raise GraphQLSyntax(f"Variable ${name} is used and not declared")
            return self._variables[name]
        if kind in ("string", "number"):
            return json.loads(text)
        if text == "{":
            return self._object()
        if text == "[":
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._take("]")
            return items
        return {"true": True, "false": False, "null": None}.get(text, text)

    def _object(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while self._peek() != "}":
            name = self._take()
            self._take(":")
            made[name] = self._value()
        self._take("}")
        return made

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise GraphQLSyntax("the document ends too early")
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _take(self, wanted: str = "") -> str:
        text = self._next()[1]
        if wanted and text != wanted:
            raise GraphQLSyntax(f"expected {wanted!r}, found {text!r}")
        return text
