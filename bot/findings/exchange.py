"""Reads findings of any tools, for `harness merge`: SARIF, the contract's JSON, or JSON Lines.

Other than an agent's answer, a file that people name is read whole or refused: every mistake says
where it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.findings import fields
from bot.findings.merge import merge
from bot.findings.parse import DESCRIPTION, TITLE, parse_answer
from bot.findings.paths import BadPath, normal_path
from bot.findings.sarif_read import is_sarif, read_sarif
from bot.models import Diff, Finding, Issue, Severity

MAX_FINDINGS = 100_000
_NAME = 200
_SOURCES = 100
"""Of one issue; more agents than that have not read it."""
_NO_DIFF = Diff(base_sha="", head_sha="")


class Unreadable(ValueError):
    """What is wrong with a file; the message says where in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One finding on its way through. Only findings of one ``group`` are merged."""

    id: str | int
    finding: Finding
    group: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """Issues by group, and of each entry the cluster it is in."""

    issues: tuple[Issue, ...]
    clusters: tuple[str, ...]


def read_entries(text: str, name: str) -> list[Entry]:
    """``name``: of the file without its ending, the agent where the content names none.

    `Unreadable` if it is none of the three formats.
    """
    whole = _whole(text)
    if whole is None:
        return list(_lines(text, name))
    if is_sarif(whole):
        return _sarif(whole, name)
    if isinstance(whole.get("issues"), list):
        return _contract(text, whole, name)
    if _is_line(whole):
        return list(_lines(text, name))
    raise Unreadable('it is neither SARIF nor has it a list of "issues"')


def merge_entries(entries: Sequence[Entry]) -> Merged:
    """Group by group, with the same functions as a review; there is no diff to anchor in."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    issues: list[Issue] = []
    cluster: dict[tuple[str, Finding], str] = {}
    for group, members in groups.items():
        found = merge([entry.finding for entry in members], diff=_NO_DIFF, lines={})
        issues += found
        prefix = f"{group}:" if group else ""
        cluster |= {(group, s): f"{prefix}{issue.id}" for issue in found for s in issue.sources}
    return Merged(
        issues=tuple(issues),
        clusters=tuple(cluster[entry.group, entry.finding] for entry in entries),
    )


def _whole(text: str) -> dict[str, Any] | None:
    """The one JSON object that the text is; None for anything else."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _is_line(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in ("text", "title", "description"))


def _sarif(log: Mapping[str, Any], name: str) -> list[Entry]:
    entries: list[Entry] = []
    for run in log["runs"]:
        report = read_sarif({**log, "runs": [run]}, _tool(run) or name)
        entries += [_entry(finding, name, len(entries) + n) for n, finding in
                    enumerate(report.findings, 1)]  # fmt: skip
    return entries


def _tool(run: object) -> str:
    tool = run.get("tool") if isinstance(run, dict) else None
    driver = tool.get("driver") if isinstance(tool, dict) else None
    return fields.text(driver.get("name"), _NAME) if isinstance(driver, dict) else ""


def _contract(text: str, answer: Mapping[str, Any], name: str) -> list[Entry]:
    agent = fields.text(answer.get("agent"), _NAME) or name
    read = parse_answer(text, agent=agent)
    if read.problems:
        raise Unreadable(read.problems[0])
    # An item that cannot be read is a problem: without one they go in pairs.
    pairs = zip(answer["issues"], read.findings, strict=True)
    found = [one for item, finding in pairs for one in _said(item, finding)]
    return [_entry(finding, name, n) for n, finding in enumerate(found, 1)]


def _said(item: object, finding: Finding) -> list[Finding]:
    """What each agent said of an issue that a review has merged; else the finding itself."""
    sources = item.get("sources") if isinstance(item, dict) else None
    if not isinstance(sources, list):
        return [finding]
    named = [s for s in sources if isinstance(s, dict) and fields.text(s.get("agent"), _NAME)]
    return [
        replace(
            finding,
            agent=fields.text(source["agent"], _NAME),
            rule=fields.text(source.get("rule"), _NAME),
            title=fields.text(source.get("title"), TITLE) or finding.title,
            description=fields.text(source.get("description"), DESCRIPTION) or finding.description,
        )
        for source in named[:_SOURCES]
    ] or [finding]


def _entry(finding: Finding, name: str, number: int) -> Entry:
    return Entry(id=f"{name}#{number}", finding=finding)


def _lines(text: str, name: str) -> Iterator[Entry]:
    count = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        count += 1
        if count > MAX_FINDINGS:
            raise Unreadable(f"it has more than {MAX_FINDINGS} lines")
        value = _whole(line)
        if value is None or not _is_line(value):
            said = "is no JSON object" if value is None else 'has no "text", "title", "description"'
            raise Unreadable(f"line {number} {said}")
        yield _from_line(value, name, number)


def _from_line(value: Mapping[str, Any], name: str, number: int) -> Entry:
    severity = Severity.MINOR
    if value.get("severity") is not None:
        known = fields.severity(value["severity"])
        if known is None:
            raise Unreadable(f"line {number}: its severity is {str(value['severity'])[:40]!r}")
        severity = known
    try:
        file = normal_path(value["file"]) if value.get("file") else ""
    except (BadPath, TypeError, AttributeError) as error:
        raise Unreadable(f"line {number}: its file: {error}") from None
    line, end_line = fields.lines(value.get("line"), value.get("end_line"))
    title = fields.text(value.get("title"), TITLE)
    description = fields.text(value.get("description") or value.get("text"), DESCRIPTION) or title
    given = value.get("id")
    return Entry(
        id=given if isinstance(given, str | int) else f"{name}#{number}",
        group=str(value.get("group") or ""),
        finding=Finding(
            agent=fields.text(value.get("agent"), _NAME) or name,
            severity=severity,
            file=file,
            description=description,
            title=" ".join(title.split()),
            line=line if file else None,
            end_line=end_line if file else None,
            category=fields.text(value.get("category"), 60).lower(),
            rule=fields.text(value.get("rule"), 60),
            confidence=fields.confidence(value.get("confidence")),
        ),
    )
