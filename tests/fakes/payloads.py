"""Makes payloads that GitHub could send: its description's required fields, and what a test says.

``payload("GET", "/repos/o/r/pulls/1", 200, {"head": {"sha": "…"}})`` fills in everything that the
schema requires around the given values; optional fields appear only when given.
"""

from __future__ import annotations

from typing import Any

from tests.fakes import openapi

_ABSENT: Any = object()
_FORMATS = {
    "date-time": "2026-01-02T03:04:05Z",
    "uri": "https://example.test/",
    "email": "a@b.test",
}
_PLAIN: dict[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": False}


def payload(method: str, path: str, status: int, given: Any = _ABSENT) -> Any:
    """The body of an answer; checked before it is handed out."""
    made = _make(openapi.response_schema(method, path, status), given)
    openapi.check_response(method, path, status, made)
    return made


def schema(name: str, given: Any = _ABSENT) -> Any:
    """One component of the description, ``simple-user`` for instance."""
    return _make({"$ref": f"#/components/schemas/{name}"}, given)


def _make(wanted: dict[str, Any], given: Any) -> Any:
    schema = _flat(wanted, nothing=given is None or given is _ABSENT)
    if schema.get("type") == "object" and (given is _ABSENT or isinstance(given, dict)):
        return _object(schema, {} if given is _ABSENT else given)
    if schema.get("type") == "array" and isinstance(given, list):
        return [_make(schema["items"], item) for item in given]
    if given is not _ABSENT:
        return given
    return _value(schema)


def _object(schema: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    names = [
        *schema.get("required", []),
        *(n for n in given if n not in schema.get("required", [])),
    ]
    return {
        name: _make(properties[name], given.get(name, _ABSENT))
        if name in properties
        else given.get(name)
        for name in names
    }


def _value(schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "null":
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        return []
    return _FORMATS.get(schema.get("format", ""), _PLAIN.get(str(kind)))


def _flat(schema: dict[str, Any], *, nothing: bool) -> dict[str, Any]:
    """Without references and choices: null where allowed and nothing is given, else the first."""
    if "$ref" in schema:
        return _flat(openapi.resolve(schema["$ref"]), nothing=nothing)
    if "allOf" in schema:
        merged: dict[str, Any] = {}
        for part in schema["allOf"]:
            merged |= _flat(part, nothing=nothing)
        return merged
    for key in ("anyOf", "oneOf"):
        if key in schema and "properties" not in schema:
            options = schema[key]
            last_is_null = options[-1] == {"type": "null"}
            return _flat(options[-1 if last_is_null and nothing else 0], nothing=nothing)
    return schema
