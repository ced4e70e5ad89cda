"""Writes the contract's JSON answer, for agents whose program does not speak it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.models import Finding

TITLE = 70
"""Longest title, in characters."""


def answer(findings: Sequence[Finding], summary: str) -> str:
    """One JSON object on one line; ASCII, so that any path survives."""
    return json.dumps({"summary": summary, "issues": [_issue(finding) for finding in findings]})


def title(text: str) -> str:
    """The first sentence, cut at a word where it is too long."""
    line = " ".join(text.split())
    first = line.split(". ", 1)[0].rstrip(".")
    if len(first) <= TITLE:
        return first
    cut = first[: TITLE - 1]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut else cut}…"


def _issue(finding: Finding) -> dict[str, Any]:
    given = {
        "severity": finding.severity.value,
        "file": finding.file,
        "line": finding.line,
        "end_line": finding.end_line,
        "title": finding.title,
        "description": finding.description,
        "suggestion": finding.suggestion,
        "replacement": finding.replacement,
        "category": finding.category,
        "confidence": finding.confidence,
        "rule": finding.rule,
    }
    return {name: value for name, value in given.items() if value is not None and value != ""} | (
        {"replacement": ""} if finding.replacement == "" else {}
    )
