"""``harness merge``: the findings of any tools, one issue for each problem."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.cli import report
from bot.errors import ConfigurationError
from bot.findings.exchange import Entry, Merged, Unreadable, merge_entries, read_entries
from bot.findings.sarif import write_sarif
from bot.models import AgentReport, AgentRun, ReportState, ReviewResult
from bot.models.text import visible
from bot.publish import sanitize

MAX_BYTES = 64 * 1024 * 1024
STDIN = "-"


def run(files: Sequence[str], *, output_format: str) -> int:
    """0 when everything was read and merged; mistakes are raised and exit with 2."""
    if output_format not in FORMATS:
        raise ConfigurationError(f"--format {output_format}: there are {', '.join(FORMATS)}")
    entries = [entry for file in files for entry in _read(file)]
    sys.stdout.write(FORMATS[output_format](entries, merge_entries(entries)))
    return 0


def _read(file: str) -> list[Entry]:
    shown = "standard input" if file == STDIN else visible(file)
    try:
        if file == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{shown}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{shown}: larger than {MAX_BYTES // 2**20} MiB")
    try:
        return read_entries(data.decode("utf-8-sig"), "stdin" if file == STDIN else Path(file).stem)
    except (Unreadable, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ConfigurationError(f"{shown}: {reason}") from error


def _jsonl(entries: Sequence[Entry], merged: Merged) -> str:
    rows = zip(entries, merged.clusters, strict=True)
    return "".join(
        json.dumps({"id": entry.id, "cluster": cluster}, ensure_ascii=False) + "\n"
        for entry, cluster in rows
    )


def _json(entries: Sequence[Entry], merged: Merged) -> str:
    data = {
        "found": len(entries),
        "issues": [report.issue_json(issue) for issue in merged.issues],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _sarif(entries: Sequence[Entry], merged: Merged) -> str:
    agents = sorted({entry.finding.agent for entry in entries})
    reports = tuple(
        AgentReport(
            agent=agent,
            state=ReportState.FINISHED,
            run=AgentRun(name=agent),
            findings=tuple(e.finding for e in entries if e.finding.agent == agent),
        )
        for agent in agents
    )
    result = ReviewResult(head_sha="", base_sha="", reports=reports, issues=merged.issues)
    return json.dumps(write_sarif(result), indent=2) + "\n"


def _markdown(entries: Sequence[Entry], merged: Merged) -> str:
    lead = f"{len(entries)} findings, {len(merged.issues)} issues"
    rows = report.issue_table(merged.issues) if merged.issues else []
    words: list[str] = []
    for issue in merged.issues:
        if len(issue.sources) > 1:
            title = sanitize.inline(issue.title, limit=200)
            said = [
                f"- **{sanitize.inline(s.agent, limit=60)}**:"
                f" {sanitize.inline(s.description, limit=500)}"
                for s in issue.sources
            ]
            words += ["", f"**{issue.id}** {title}", "", *said]
    return "\n".join([lead, "", *rows, *words]).rstrip() + "\n"


FORMATS: dict[str, Callable[[Sequence[Entry], Merged], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "markdown": _markdown,
}
