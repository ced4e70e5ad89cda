"""Prints a local review: text for people, Markdown, JSON and SARIF for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from bot.findings.sarif import write_sarif
from bot.models import AgentReport, Decision, HeldBack, Issue, ReportState, ReviewResult
from bot.models.text import visible
from bot.publish import sanitize
from bot.publish.render import held

NO_HISTORY = (
    "This is a local review: it has no history, so every issue is new and ids may differ from"
    " those of a pull request that was reviewed before."
)
FRAME_LINES = 3


def text(result: ReviewResult, decision: Decision) -> str:
    """``path:line  severity  title`` with a short frame, by file, the worst file first."""
    out: list[str] = []
    for file, issues in _by_file(result.issues):
        out += [visible(file), *(line for issue in issues for line in _issue(issue)), ""]
    out += [line for item in result.held for line in _held(item)]
    out += [line for report in _reports(result) for line in _report(report)]
    out += [f"not reviewed: {visible(s.path)} ({s.reason})" for s in result.skipped]
    out += ["", decision.title]
    return "\n".join(out).lstrip("\n") + "\n"


def markdown(result: ReviewResult, decision: Decision) -> str:
    """Ready to be pasted anywhere: what agents wrote can neither ping nor break out."""
    out = [f"### harness: {sanitize.inline(decision.title, limit=300)}", ""]
    if result.issues:
        out += issue_table(result.issues)
    if result.held:
        out += ["", held.lead(result.held), "", *map(held.line, result.held)]
    notes = [line for report in _reports(result) for line in _report(report)]
    notes += [f"not reviewed: {s.path} ({s.reason})" for s in result.skipped]
    out += ["", *(f"- {sanitize.inline(note, limit=500)}" for note in notes)]
    out += ["", f"<sub>{NO_HISTORY}</sub>"]
    return "\n".join(out) + "\n"


def issue_table(issues: Sequence[Issue]) -> list[str]:
    """The lines of a Markdown table."""
    out = ["| severity | issue | where | found by |", "|---|---|---|---|"]
    for issue in issues:
        place = f"{issue.file}:{issue.line}" if issue.line else issue.file
        cells = (
            issue.severity.value,
            sanitize.cell(issue.title, limit=200),
            sanitize.cell_code(place) if place else "–",
            sanitize.cell(", ".join(issue.agents), limit=200),
        )
        out.append(f"| {' | '.join(cells)} |")
    return out


def as_json(result: ReviewResult, decision: Decision) -> str:
    data = {
        "head_sha": result.head_sha,
        "base_sha": result.base_sha,
        "conclusion": decision.conclusion.value,
        "title": decision.title,
        "note": NO_HISTORY,
        "issues": [issue_json(issue) for issue in result.issues],
        "held_back": [
            {**issue_json(item.issue), "reason": item.reason, "by": item.by} for item in result.held
        ],
        "agents": [_report_json(report) for report in result.reports],
        "judge": _report_json(result.judge) if result.judge is not None else None,
        "skipped": [{"path": visible(s.path), "reason": s.reason} for s in result.skipped],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def sarif(result: ReviewResult, decision: Decision) -> str:
    return json.dumps(write_sarif(result), indent=2) + "\n"


FORMATS: dict[str, Callable[[ReviewResult, Decision], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "markdown": markdown,
}


def _by_file(issues: tuple[Issue, ...]) -> Iterator[tuple[str, list[Issue]]]:
    """Files by their worst issue; issues of a file from top to bottom."""
    worst: dict[str, int] = {}
    for issue in issues:
        worst[issue.file] = min(worst.get(issue.file, 9), issue.severity.rank)
    ordered = sorted(issues, key=lambda i: (worst[i.file], i.file, i.line or 0, i.id))
    for file, group in groupby(ordered, key=lambda issue: issue.file):
        yield file, list(group)


def _issue(issue: Issue) -> Iterator[str]:
    place = f"{visible(issue.file)}:{issue.line}" if issue.line else visible(issue.file)
    yield f"  {place}  {issue.severity.value}  {visible(issue.title)}"
    for number, line in enumerate(issue.code.splitlines()[:FRAME_LINES], issue.line or 1):
        yield f"    {number:>5} | " + "\t".join(visible(part) for part in line.split("\t"))
    yield f"          found by {', '.join(issue.agents)} · {issue.id}"


def _reports(result: ReviewResult) -> tuple[AgentReport, ...]:
    return (*result.reports, *([result.judge] if result.judge is not None else []))


def _held(item: HeldBack) -> Iterator[str]:
    issue = item.issue
    place = f"{visible(issue.file)}:{issue.line}" if issue.line else visible(issue.file)
    yield f"not posted: {place}  {issue.severity.value}  {visible(issue.title)} · {issue.id}"
    yield f"          {', '.join(issue.agents)} reported it; {item.by}: {visible(item.reason)}"


def _report(report: AgentReport) -> Iterator[str]:
    if report.state is not ReportState.FINISHED:
        done = "start" if report.state is ReportState.NOT_STARTED else "finish"
        yield f"{report.agent} did not {done}: {visible(report.reason)}"
    for problem in report.problems:
        yield f"{report.agent}: {visible(problem)}"


def issue_json(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "severity": issue.severity.value,
        "file": visible(issue.file),
        "line": issue.line,
        "end_line": issue.end_line,
        "title": issue.title,
        "description": issue.description,
        "suggestion": issue.suggestion,
        "replacement": issue.replacement,
        "category": issue.category,
        "confidence": issue.confidence,
        "agents": list(issue.agents),
        "sources": [
            {"agent": s.agent, "rule": s.rule, "title": s.title, "description": s.description}
            for s in issue.sources
        ],
    }


def _report_json(report: AgentReport) -> dict[str, Any]:
    return {
        "agent": report.agent,
        "state": report.state.value,
        "reason": report.reason,
        "required": report.required,
        "findings": len(report.findings),
        "untouched": report.untouched,
        "files": report.files,
        "problems": list(report.problems),
        "seconds": round(report.run.duration, 3),
        "tokens": {"input": report.run.tokens.input, "output": report.run.tokens.output},
        "cost_usd": None if report.run.cost_usd is None else f"{report.run.cost_usd:f}",
    }
