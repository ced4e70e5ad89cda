"""From the agents' reports to the result: merge, follow, and settle what nobody reported again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.checkout.files import read_file
from bot.findings.evidence import Seen, weigh
from bot.findings.identity import follow
from bot.findings.memory import remember
from bot.findings.merge import merge
from bot.findings.track import plain_path
from bot.models import (
    AgentReport,
    Change,
    FileStatus,
    Finding,
    ReportState,
    ReviewResult,
)
from bot.runner.member import Source

MAX_SOURCE_BYTES = 2 * 1024 * 1024
"""Files larger than this are anchored without looking at their text."""
MAX_TEXT_BYTES = 32 * 1024 * 1024
"""Of all files together. Those that findings name come first."""


async def settled(
    source: Source,
    reports: tuple[AgentReport, ...],
    analyzers: frozenset[str] = frozenset(),
    *,
    now: Callable[[], datetime],
) -> ReviewResult:
    """What a review found, and what became of each issue of earlier runs."""
    change = await source()
    findings = tuple(finding for report in reports for finding in report.findings)
    lines = await asyncio.to_thread(_lines, change, findings)
    result = await asyncio.to_thread(settle, change, reports, findings, lines, analyzers)
    return replace(result, issues=remember(result.issues, change.lessons, now()))


def settle(
    change: Change,
    reports: Sequence[AgentReport],
    findings: Sequence[Finding],
    lines: dict[str, tuple[str, ...]],
    analyzers: frozenset[str],
) -> ReviewResult:
    """The same without looking at a disk. ``lines``: text of the head, by path."""
    issues = merge(findings, diff=change.diff, lines=lines)
    followed = follow(issues, change.known, change.since, lines)
    weighed = weigh(
        followed.missing,
        Seen(
            head_sha=change.head_sha,
            diff=change.diff,
            since=change.since,
            lines=lines,
            panel=frozenset(report.agent for report in reports),
            finished=frozenset(r.agent for r in reports if r.state is ReportState.FINISHED),
            analyzers=analyzers,
            unread={skipped.path: skipped.reason for skipped in change.skipped},
        ),
    )
    return ReviewResult(
        head_sha=change.head_sha,
        base_sha=change.base_sha,
        reports=tuple(reports),
        issues=followed.issues,
        carried=weighed.carried,
        closed=weighed.closed,
        skipped=change.skipped,
        parts=change.parts if len(change.parts) > 1 else (),
        files=len(change.diff.files) - len({s.path for s in change.skipped}),
    )


def _lines(change: Change, findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """The text lines of every file that a finding names, and of those where an earlier issue may
    lie now; a symlink is never followed.
    """
    files: dict[str, tuple[str, ...]] = {}
    room = MAX_TEXT_BYTES
    for path in (*_named(findings), *_places(change)):
        if path in files:
            continue
        content = read_file(change.workspace.tree, path, min(room, MAX_SOURCE_BYTES))
        if content is not None:
            room -= len(content)
            text = content.decode("utf-8", "replace")
            files[path] = tuple(line.removesuffix("\r") for line in text.split("\n"))
    return files


def _named(findings: Sequence[Finding]) -> Collection[str]:
    return sorted({finding.file for finding in findings})


def _places(change: Change) -> Collection[str]:
    """Nothing where nothing is known. Else the files of the issues, and those that changed."""
    if not change.known:
        return ()
    own = {plain_path(issue.file) for issue in change.known} - {""}
    touched = {
        file.path
        for diff in (change.diff, *change.since.values())
        for file in diff.files
        if file.status is not FileStatus.DELETED and not file.binary
    }
    return (*sorted(own), *sorted(touched - own))
