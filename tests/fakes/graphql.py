"""Checks GraphQL documents and answers against GitHub's public schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

SAMPLE = Path(__file__).parents[1] / "samples" / "github-schema.graphql"


class GraphQLMismatch(AssertionError):
    """A document or an answer that GitHub's schema does not allow."""


@cache
def schema() -> GraphQLSchema:
    """GitHub's schema; reading it takes about half a second, once."""
    return build_schema(SAMPLE.read_text(encoding="utf-8"), assume_valid=True, no_location=True)


@cache
def check_document(document: str) -> DocumentNode:
    """Refuse a document that GitHub would not accept."""
    try:
        parsed = parse(document)
    except GraphQLError as error:
        raise GraphQLMismatch(f"not GraphQL: {error}") from error
    errors = validate(schema(), parsed)
    if errors:
        raise GraphQLMismatch("; ".join(error.message for error in errors))
    return parsed


def run(
    document: str, variables: Mapping[str, Any] | None = None, root: Any = None
) -> ExecutionResult:
    """Execute over ``root``: nested mappings keyed by response name, or callables for arguments.

    Objects of an interface or union carry ``__typename``. Unknown variables are refused, as a
    misspelt one is silently null at GitHub.
    """
    parsed = check_document(document)
    result = execute_sync(
        schema(), parsed, root_value=root, variable_values=dict(variables or {}),
        field_resolver=_resolve,
    )  # fmt: skip
    declared = {
        variable.variable.name.value
        for definition in parsed.definitions
        for variable in getattr(definition, "variable_definitions", None) or ()
    }
    unknown = sorted(set(variables or {}) - declared)
    if unknown:
        raise GraphQLMismatch(f"the document declares no variable ${unknown[0]}")
    return result


def check_answer(document: str, variables: Mapping[str, Any] | None, data: Any) -> None:
    """Refuse ``data`` unless it is exactly an answer the schema allows to this document.

    Running the document over the answer must give the answer back: a missing field, a field too
    many, a null where the schema forbids one and a wrong scalar all show.
    """
    result = run(document, variables, data)
    if result.errors:
        raise GraphQLMismatch("; ".join(error.message for error in result.errors))
    if result.data != data:
        raise GraphQLMismatch(f"the answer is not the document's shape: {result.data} != {data}")


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = source.get(info.path.key) if isinstance(source, Mapping) else None
    return value(info, **arguments) if callable(value) else value
