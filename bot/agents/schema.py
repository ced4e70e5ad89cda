"""The contract's answer as a JSON schema, for programs that can hold a model to one.

In the strict form every property is required and what may be absent is null instead, because one
vendor takes no schema with optional properties. `bot.findings.parse` reads null as absent.
"""

from __future__ import annotations

import json
from typing import Any

from bot.models import Severity

CATEGORIES = ("correctness", "security", "performance", "tests", "maintainability", "docs")

_ISSUE: dict[str, dict[str, Any]] = {
    "severity": {"type": "string", "enum": [severity.value for severity in Severity]},
    "file": {"type": "string", "description": "path in the tree"},
    "line": {"type": "integer", "description": "in the new version of the file, from 1"},
    "end_line": {"type": "integer"},
    "title": {"type": "string", "description": "a statement of under 70 characters"},
    "description": {"type": "string", "description": "what goes wrong and when"},
    "suggestion": {"type": "string", "description": "what to do"},
    "replacement": {"type": "string", "description": "the new text of exactly these lines"},
    "category": {"type": "string", "enum": list(CATEGORIES)},
    "confidence": {"type": "number", "description": "from 0 to 1"},
}
_ISSUE_REQUIRED = ("severity", "file", "description")

_ANSWER_REQUIRED = ("summary", "issues")


def answer_schema(*, strict: bool = False) -> str:
    """On one line."""
    issue = _object(_ISSUE, _ISSUE_REQUIRED, strict=strict)
    answer: dict[str, dict[str, Any]] = {
        "summary": {"type": "string", "description": "one or two sentences"},
        "issues": {"type": "array", "items": issue},
        "praise": {"type": "array", "items": {"type": "string"}},
        "guidance": {"type": "string"},
    }
    return json.dumps(_object(answer, _ANSWER_REQUIRED, strict=strict), separators=(",", ":"))


def _object(
    properties: dict[str, dict[str, Any]], required: tuple[str, ...], *, strict: bool
) -> dict[str, Any]:
    shown = properties
    if strict:
        shown = {
            name: value if name in required else _nullable(value)
            for name, value in properties.items()
        }
    return {
        "type": "object",
        "properties": shown,
        "required": list(properties if strict else required),
        "additionalProperties": False,
    }


def _nullable(value: dict[str, Any]) -> dict[str, Any]:
    """An enumeration that may be null has to list it."""
    allowed = {"enum": [*value["enum"], None]} if "enum" in value else {}
    return {**value, "type": [value["type"], "null"], **allowed}
