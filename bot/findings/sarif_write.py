"""Writes a review as SARIF 2.1.0: one result per issue, every agent's words in its properties.

What a judge held back is a result too, and a suppressed one. As soon as one result names its
suppressions all of them must (§3.27.23): the others have none, which is an empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot import __version__
from bot.models import (
    AgentReport,
    Finding,
    HeldBack,
    Issue,
    ReportState,
    ReviewResult,
    Severity,
    Side,
)

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "harnessIssue/v1"

_LEVELS = {Severity.CRITICAL: "error", Severity.MAJOR: "error", Severity.MINOR: "warning"}


def write_sarif(result: ReviewResult) -> dict[str, Any]:
    """A log that code scanning and editors read; dump it with ``ensure_ascii`` left on."""
    held = [item.issue for item in result.held]
    names = sorted({_rule(issue) for issue in (*result.issues, *held)})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "harness",
                        "semanticVersion": __version__,
                        "rules": [_descriptor(name) for name in names],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(result.reports, result.judge)],
                "results": _results(result, names),
                "properties": {
                    "headSha": result.head_sha,
                    "baseSha": result.base_sha,
                    "found": result.found,
                    "heldBack": len(held),
                    "agents": [_agent(report) for report in result.reports],
                    "judge": None if result.judge is None else _agent(result.judge),
                    "skipped": [
                        {"path": _text(s.path), "reason": s.reason} for s in result.skipped
                    ],
                },
            }
        ],
    }


def _rule(issue: Issue) -> str:
    """An analyzer's code where there is one, else the category."""
    codes = sorted({source.rule for source in issue.sources if source.rule})
    return _text(codes[0] if codes else issue.category or "review")


def _descriptor(name: str) -> dict[str, Any]:
    return {"id": name, "name": name, "shortDescription": {"text": name}}


def _results(result: ReviewResult, names: Sequence[str]) -> list[dict[str, Any]]:
    posted = [_result(issue, names) for issue in result.issues]
    if not result.held:
        return posted
    held = [{**_result(h.issue, names), "suppressions": [_suppression(h)]} for h in result.held]
    return [*({**made, "suppressions": []} for made in posted), *held]


def _suppression(held: HeldBack) -> dict[str, Any]:
    """Accepted: that is what keeps it from being counted, here as on a pull request."""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": _text(held.reason),
        "properties": {"by": _text(held.by)},
    }


def _invocation(reports: Sequence[AgentReport], judge: AgentReport | None) -> dict[str, Any]:
    failed = [report for report in reports if report.state is not ReportState.FINISHED]
    silent = judge if judge is not None and judge.state is not ReportState.FINISHED else None
    return {
        "executionSuccessful": not any(report.required for report in failed),
        "toolExecutionNotifications": [
            {
                "level": "error" if report.required else "warning",
                "message": {"text": _text(f"{report.agent} did not finish: {report.reason}")},
            }
            for report in (*failed, *([silent] if silent is not None else []))
        ],
    }


def _agent(report: AgentReport) -> dict[str, Any]:
    cost = report.run.cost_usd
    return {
        "name": report.agent,
        "state": report.state.value,
        "required": report.required,
        "reason": _text(report.reason),
        "findings": len(report.findings),
        "seconds": round(report.run.duration, 3),
        "inputTokens": report.run.tokens.input,
        "outputTokens": report.run.tokens.output,
        "costUsd": None if cost is None else str(cost),
    }


def _result(issue: Issue, names: Sequence[str]) -> dict[str, Any]:
    text = f"{issue.title}\n\n{issue.description}"
    if issue.suggestion:
        text += f"\n\n{issue.suggestion}"
    rule = _rule(issue)
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": names.index(rule),
        "level": _LEVELS[issue.severity],
        "message": {"text": _text(text)},
        "locations": [_location(issue)],
        "partialFingerprints": {FINGERPRINT: issue.id},
        "properties": {
            "id": issue.id,
            "severity": issue.severity.value,
            "state": issue.state.value,
            "category": _text(issue.category),
            "confidence": issue.confidence,
            "placement": issue.anchor.placement.value,
            "agents": list(issue.agents),
            "sources": [_source(source) for source in issue.sources],
        },
    }
    if issue.replacement is not None and issue.line is not None:
        result["fixes"] = [_fix(issue, issue.line, issue.replacement)]
    return result


def _location(issue: Issue) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(issue.file)}}
    # Regions are about the file as it is: a line of the base has none.
    if issue.line is not None and issue.side is Side.RIGHT:
        physical["region"] = _region(issue.line, issue.end_line)
        if issue.code:
            physical["region"]["snippet"] = {"text": _text(issue.code)}
    return {"physicalLocation": physical}


def _region(line: int, end_line: int | None) -> dict[str, Any]:
    return {"startLine": line, "endLine": end_line if end_line is not None else line}


def _fix(issue: Issue, line: int, replacement: str) -> dict[str, Any]:
    region = _region(line, issue.end_line)
    content: Mapping[str, Any] = {"text": _text(replacement)}
    if replacement == "":  # whole lines go, with their ends
        region = {
            "startLine": line, "startColumn": 1, "endLine": region["endLine"] + 1, "endColumn": 1,
        }  # fmt: skip
    return {
        "description": {"text": _text(issue.suggestion or issue.title)},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(issue.file)},
                "replacements": [{"deletedRegion": region, "insertedContent": content}],
            }
        ],
    }


def _source(finding: Finding) -> dict[str, Any]:
    return {
        "agent": finding.agent,
        "severity": finding.severity.value,
        "rule": _text(finding.rule),
        "title": _text(finding.title),
        "description": _text(finding.description),
        "line": finding.line,
        "endLine": finding.end_line,
        "confidence": finding.confidence,
    }


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))


def _text(value: str) -> str:
    """Lone surrogates cannot be written as UTF-8; they are shown as replacement characters."""
    return value.encode("utf-8", "replace").decode("utf-8")
