"""Reads SARIF 2.1.0 as an agent's answer.

A run without ``results`` did not even try, and one whose invocation says that it failed is not
complete: neither is a clean answer (SARIF 2.1.0, 3.14.23 and 3.20.14).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.findings import fields
from bot.findings.paths import BadPath, from_uri
from bot.models import Finding, Severity

_LEVELS = {
    "error": Severity.MAJOR,
    "warning": Severity.MINOR,
    "note": Severity.MINOR,
    "none": Severity.MINOR,
}
_NOT_PROBLEMS = frozenset({"pass", "notApplicable", "informational"})


@dataclass(frozen=True, kw_only=True, slots=True)
class SarifReport:
    """What a SARIF log says. Not ``complete``: some run failed, or nothing could be read."""

    complete: bool
    findings: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()


def is_sarif(value: Mapping[str, Any]) -> bool:
    """Whether the object says that it is a SARIF 2 log."""
    return isinstance(value.get("runs"), list) and (
        str(value.get("version", "")).startswith("2.") or "sarif" in str(value.get("$schema", ""))
    )


def read_sarif(log: Mapping[str, Any], agent: str, paths: Collection[str] = ()) -> SarifReport:
    """Every result that reports a problem; a bad one costs only itself."""
    runs = [run for run in _list(log.get("runs")) if isinstance(run, dict)]
    findings: list[Finding] = []
    problems: list[str] = []
    complete = bool(runs)
    seen = 0
    for run in runs:
        complete = complete and isinstance(run.get("results"), list) and _succeeded(run)
        for number, result in enumerate(_list(run.get("results")), 1):
            if not isinstance(result, dict):
                problems.append(f"result {number}: it is no object")
                continue
            if _dismissed(result):
                seen += 1
                continue
            try:
                findings.append(_finding(run, result, agent, paths))
            except BadPath as error:
                problems.append(f"result {number}: {error}")
    if runs and not complete:
        problems.append("a run of its SARIF log failed or holds no results")
    return SarifReport(
        complete=complete and bool(findings or seen or not problems),
        findings=tuple(findings),
        problems=tuple(problems),
    )


def _succeeded(run: Mapping[str, Any]) -> bool:
    return all(
        _dict(invocation).get("executionSuccessful") is not False
        for invocation in _list(run.get("invocations"))
    )


def _dismissed(result: Mapping[str, Any]) -> bool:
    """Passed, gone since a baseline, or suppressed by whoever owns the code."""
    suppressions = _list(result.get("suppressions"))
    return (
        result.get("kind") in _NOT_PROBLEMS
        or result.get("baselineState") == "absent"
        or any(_dict(s).get("status", "accepted") == "accepted" for s in suppressions)
    )


def _finding(
    run: Mapping[str, Any], result: Mapping[str, Any], agent: str, paths: Collection[str]
) -> Finding:
    rule = _rule(run, result)
    message = _message(result, rule)
    physical = _dict(_dict(_first(result.get("locations"))).get("physicalLocation"))
    region = _dict(physical.get("region"))
    line, end_line = fields.lines(region.get("startLine"), region.get("endLine"))
    if end_line is not None and line is not None and region.get("endColumn") == 1:
        end_line = end_line - 1 if end_line - 1 > line else None  # the end is exclusive
    title = fields.text(_dict(rule.get("shortDescription")).get("text"), 300)
    fix = _dict(_first(result.get("fixes")))
    rule_id = fields.text(result.get("ruleId"), 60) or fields.text(rule.get("id"), 60)
    if not (message or title or rule_id):
        raise BadPath("it has no message")
    return Finding(
        agent=agent,
        severity=_severity(result, rule),
        file=_path(run, physical, paths),
        description=message or title or rule_id,
        title=" ".join(title.split()),
        line=line,
        end_line=end_line,
        suggestion=fields.text(_dict(fix.get("description")).get("text"), 8_000),
        category=_category(rule),
        rule=rule_id,
    )


def _rule(run: Mapping[str, Any], result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reporting descriptor, by index or by id, of the driver or of an extension."""
    tool = _dict(run.get("tool"))
    reference = _dict(result.get("rule"))
    extensions = _list(tool.get("extensions"))
    component = _dict(reference.get("toolComponent")).get("index")
    holder = _dict(_at(extensions, component) if component is not None else tool.get("driver"))
    rules = _list(holder.get("rules"))
    index = result.get("ruleIndex", reference.get("index"))
    by_index = _dict(_at(rules, index))
    if by_index:
        return by_index
    name = result.get("ruleId", reference.get("id"))
    return next((r for r in rules if isinstance(r, dict) and r.get("id") == name), {})


def _message(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    message = _dict(result.get("message"))
    text = message.get("text")
    if not isinstance(text, str):
        named = _dict(rule.get("messageStrings")).get(str(message.get("id", "")))
        text = _dict(named).get("text")
    if not isinstance(text, str):
        return ""
    for number, argument in enumerate(_list(message.get("arguments"))[:20]):
        text = text.replace(f"{{{number}}}", fields.text(argument, 500))
    return fields.text(text, 8_000)


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> Severity:
    """security-severity as GitHub reads it, else the level, else SARIF's default: a warning."""
    score = fields.number(_dict(rule.get("properties")).get("security-severity"))
    if score is not None:
        worst = Severity.MAJOR if score >= 7 else Severity.MINOR
        return Severity.CRITICAL if score >= 9 else worst
    level = result.get("level", _dict(rule.get("defaultConfiguration")).get("level", "warning"))
    rank = fields.number(result.get("rank"))
    by_level = _LEVELS.get(str(level), Severity.MINOR)
    if rank is not None and rank >= 90 and by_level is Severity.MAJOR:
        return Severity.CRITICAL
    return by_level


def _category(rule: Mapping[str, Any]) -> str:
    properties = _dict(rule.get("properties"))
    tags = [tag for tag in _list(properties.get("tags")) if isinstance(tag, str)]
    known = ("security", "correctness", "performance", "tests", "maintainability", "docs")
    if "security-severity" in properties:
        return "security"
    return next((word for word in known if word in tags), "")


def _path(run: Mapping[str, Any], physical: Mapping[str, Any], paths: Collection[str]) -> str:
    artifact = _dict(physical.get("artifactLocation"))
    uri = artifact.get("uri")
    if not isinstance(uri, str):
        listed = _at(_list(run.get("artifacts")), artifact.get("index"))
        artifact = _dict(_dict(listed).get("location"))
        uri = artifact.get("uri")
    if not isinstance(uri, str):
        raise BadPath("it names no file")
    bases = _dict(run.get("originalUriBaseIds"))
    base = _dict(bases.get(str(artifact.get("uriBaseId", "")))).get("uri")
    if isinstance(base, str) and base and not uri.startswith(("/", "file:")):
        try:
            return from_uri(base.rstrip("/") + "/" + uri, paths)
        except BadPath:
            # The base is another machine's folder; the rest still names a file of the tree.
            return from_uri(uri, paths)
    return from_uri(uri, paths)


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _first(value: object) -> object:
    return _at(_list(value), 0)


def _at(items: Sequence[Any], index: object) -> object:
    if isinstance(index, int) and 0 <= index < len(items):
        return items[index]
    return None
