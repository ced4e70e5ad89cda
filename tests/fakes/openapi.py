"""Checks REST requests and answers against GitHub's own OpenAPI description.

`check_request` is stricter than the description where GitHub silently ignores what it does not
know: a property or query parameter that the operation does not name is a mistake. Paths are those
beside the API's base (``/repos/o/r/pulls/1``), percent-encoded as sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import jsonschema
import referencing
from referencing.jsonschema import DRAFT202012

SAMPLE = Path(__file__).parents[1] / "samples" / "github-openapi.json"
_LAX, _STRICT = "urn:github:lax", "urn:github:strict"
_COMBINED = frozenset({"oneOf", "anyOf", "allOf", "not"})
_OPEN_ENDED = ("{path}", "{ref}")
"""A file's path and a git ref may span segments, and then they come last."""
_EMPTY = frozenset({204, 304})
_UNDOCUMENTED = frozenset({301, 307, 401, 403, 404, 410, 422, 429, 500, 502, 503, 504})
"""Answers that GitHub may give to any call, listed there or not."""


class OpenApiMismatch(AssertionError):
    """A request or an answer that GitHub's description does not allow."""


class Operation(NamedTuple):
    """One method on one path; ``params`` are the path's decoded parameters."""

    id: str
    template: str
    method: str
    params: dict[str, str]


def check_request(
    method: str, path: str, query: Mapping[str, str] | str = "", body: Any = None
) -> Operation:
    """Refuse what GitHub would not take; ``body`` is decoded JSON, None for none."""
    operation = find_operation(method, path)
    spec = _spec(operation)
    sent = dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else dict(query)
    _check_parameters(operation, sent)
    wanted = spec.get("requestBody")
    if wanted is None:
        if body is not None:
            raise OpenApiMismatch(f"{operation.id} takes no body, got {body!r}")
        return operation
    if body is None:
        if wanted.get("required"):
            raise OpenApiMismatch(f"{operation.id} needs a body")
        return operation
    pointer = _pointer(operation, "requestBody", "content", "application/json", "schema")
    _check(_STRICT, pointer, body, f"request of {operation.id}")
    _check_prose(operation, body)
    return operation


def check_response(method: str, path: str, status: int, body: Any = None) -> Operation:
    """Refuse an answer that GitHub would not give; ``body`` is decoded JSON, None for none."""
    operation = find_operation(method, path)
    answer = _spec(operation)["responses"].get(str(status))
    if status in _EMPTY:
        if body is not None:
            raise OpenApiMismatch(f"{operation.id}: {status} has no body")
        return operation
    where = f"answer {status} of {operation.id}"
    if answer is None:
        if status not in _UNDOCUMENTED:
            raise OpenApiMismatch(f"{operation.id} never answers {status}")
        _check(_LAX, "/components/schemas/basic-error", body, where)
        return operation
    pointer = _pointer(operation, "responses", str(status))
    if "$ref" in answer:
        pointer = answer["$ref"].removeprefix("#")
    content = _resolve(pointer).get("content", {})
    if "application/json" not in content:
        if body is not None:
            raise OpenApiMismatch(f"{where} has no JSON body")
        return operation
    _check(_LAX, f"{pointer}/content/application~1json/schema", body, where)
    return operation


def response_schema(method: str, path: str, status: int) -> dict[str, Any]:
    """What the body of a documented answer looks like, ``nullable`` already resolved."""
    answer = _spec(find_operation(method, path))["responses"][str(status)]
    found = resolve(answer["$ref"]) if "$ref" in answer else answer
    schema: dict[str, Any] = found["content"]["application/json"]["schema"]
    return schema


def resolve(reference: str) -> dict[str, Any]:
    """What a ``#/…`` reference in the description means."""
    return _resolve(reference.removeprefix("#"))


def find_operation(method: str, path: str) -> Operation:
    """The operation that a path (percent-encoded, without query) belongs to."""
    for pattern, template in _templates():
        match = pattern.fullmatch(path)
        if match and method.lower() in _document(_LAX)["paths"][template]:
            params = {name: unquote(value) for name, value in match.groupdict().items()}
            spec = _document(_LAX)["paths"][template][method.lower()]
            return Operation(spec["operationId"], template, method.lower(), params)
    raise OpenApiMismatch(f"GitHub has no {method} {path}")


def _check_prose(operation: Operation, body: Any) -> None:
    """What the description says in words only."""
    if operation.id == "checks/create" and body.get("status") == "completed":
        needed = "conclusion"
    elif operation.id == "pulls/create-review" and body.get("event") == "COMMENT":
        needed = "body"
    else:
        return
    if not body.get(needed):
        raise OpenApiMismatch(f"{operation.id} needs {needed!r} here")


def _check_parameters(operation: Operation, query: Mapping[str, str]) -> None:
    known: dict[str, dict[str, Any]] = {}
    for item in _spec(operation).get("parameters", []):
        parameter = _resolve(item["$ref"].removeprefix("#")) if "$ref" in item else item
        name = parameter["name"]
        if parameter["in"] == "path":
            _check_text(operation, name, operation.params[name], parameter["schema"])
        elif parameter["in"] == "query":
            known[name] = parameter
    for name, value in query.items():
        if name not in known:
            raise OpenApiMismatch(f"{operation.id} has no query parameter {name!r}")
        _check_text(operation, name, value, known[name]["schema"])
    missing = [n for n, p in known.items() if p.get("required") and n not in query]
    if missing:
        raise OpenApiMismatch(f"{operation.id} needs the query parameter {missing[0]!r}")


def _check_text(operation: Operation, name: str, text: str, schema: Mapping[str, Any]) -> None:
    """A parameter travels as text; read it as its schema says."""
    value: Any = text
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        value = int(text)
    elif schema.get("type") == "boolean" and text in {"true", "false"}:
        value = text == "true"
    validator = _validator_class()(_convert(schema, strict=False))
    for error in validator.iter_errors(value):
        raise OpenApiMismatch(f"{operation.id}: parameter {name!r}: {error.message}")


def _check(document: str, pointer: str, body: Any, where: str) -> None:
    error = jsonschema.exceptions.best_match(_validator(document, pointer).iter_errors(body))
    if error is not None:
        # jsonschema quotes the whole value first and says what is wrong with it last.
        raise OpenApiMismatch(f"{where}: at {error.json_path}: {error.message[-600:]}")


@cache
def _validator(document: str, pointer: str) -> Any:
    registry: Any = referencing.Registry().with_resources(
        (uri, DRAFT202012.create_resource(_document(uri))) for uri in (_LAX, _STRICT)
    )
    return _validator_class()(
        {"$ref": f"{document}#{pointer}"}, registry=registry, format_checker=_formats()
    )


def _validator_class() -> Any:
    return jsonschema.Draft202012Validator


@cache
def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def _date_time(value: object) -> bool:
        return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None

    return checker


@cache
def _document(uri: str) -> dict[str, Any]:
    """The whole description with its schemas in today's JSON Schema."""
    loaded = json.loads(SAMPLE.read_text(encoding="utf-8"))
    converted: dict[str, Any] = _convert(loaded, strict=uri == _STRICT)
    return converted


def _convert(node: Any, *, strict: bool, combined: bool = False) -> Any:
    """OpenAPI 3.0's ``nullable`` becomes a type; strict closes objects that say nothing else.

    Objects inside oneOf/anyOf/allOf stay open: each branch describes a part of the whole.
    """
    if isinstance(node, list):
        return [_convert(item, strict=strict, combined=combined) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: _convert(value, strict=strict, combined=combined or key in _COMBINED)
        for key, value in node.items()
    }
    is_object = isinstance(node.get("properties"), dict) and node.get("type", "object") == "object"
    if strict and is_object and not combined:
        made.setdefault("additionalProperties", False)
    return _nullable(made) if node.get("nullable") is True else made


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    del schema["nullable"]
    return {"anyOf": [schema, {"type": "null"}]}


@cache
def _templates() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The most literal template first, so that ``/pulls/comments/1`` is not pull ``comments``."""

    def order(template: str) -> tuple[bool, list[bool], str]:
        steps = [step.startswith("{") for step in template.split("/")]
        return template.endswith(_OPEN_ENDED), steps, template

    templates = sorted(_document(_LAX)["paths"], key=order)
    return tuple((re.compile(_pattern(template)), template) for template in templates)


def _pattern(template: str) -> str:
    open_ended = re.sub(r"\{(path|ref)\}$", r"(?P<\1>.+)", template)
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", open_ended)


def _spec(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = _document(_LAX)["paths"][operation.template][operation.method]
    return found


def _pointer(operation: Operation, *parts: str) -> str:
    steps = ("paths", operation.template, operation.method, *parts)
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _resolve(pointer: str) -> dict[str, Any]:
    node: Any = _document(_LAX)
    for step in pointer.removeprefix("/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    found: dict[str, Any] = node
    return found
