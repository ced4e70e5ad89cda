"""Turns what an agent said into its report: parsed, and believed as far as its places exist."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from typing_extensions import override

from bot.agents.analyzer import touched
from bot.checkout.files import read_file
from bot.findings.grounding import ground
from bot.findings.parse import Answer, parse_answer
from bot.models import AgentReport, AgentRun, Change, FileStatus, Finding, RunConfig
from bot.models.text import visible
from bot.runner.member import Panelist, outcome, told_warnings

MAX_NAMES = 10
MAX_SOURCE_BYTES = 2 * 1024 * 1024
"""Files larger than this are anchored without looking at their text."""
MAX_FILES = 5_000
"""Files of a tree that are looked for in prose, those of the change first."""
MAX_UNBELIEVED = 10


def read_report(agent: Panelist, run: AgentRun, change: Change, config: RunConfig) -> AgentReport:
    """An agent that did not finish keeps what can be read, and never counts as finished."""
    answer = _answer(agent, run, change)
    findings, untouched = answer.findings, 0
    if agent.kind.analyzer:
        findings, untouched = touched(findings, change.diff)
    findings, unbelieved = _grounded(findings, change)
    ignored = {skipped.path for skipped in change.skipped}
    state, reason = outcome(run, readable=answer.readable)
    return AgentReport(
        agent=agent.spec.name,
        state=state,
        # Events were for the sinks; what is recorded is the narrative and the outcome.
        run=replace(run, buffer=()),
        required=agent.spec.required,
        findings=tuple(finding for finding in findings if finding.file not in ignored),
        summary=answer.summary,
        praise=answer.praise,
        guidance=answer.guidance,
        reason=reason,
        files=_given(agent, change, config),
        problems=(
            *_clipped(config.clipped),
            *told_warnings(run),
            *answer.problems,
            *unbelieved,
        ),
        untouched=untouched,
    )


def unreadable(agent: Panelist, run: AgentRun, change: Change) -> bool:
    """Whether it did its work and only its answer cannot be used as it is."""
    answer = _answer(agent, run, change)
    return answer.prose or not answer.readable


def lines_of(change: Change, paths: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The text lines of the files that are named; a symlink is never followed."""
    files: dict[str, tuple[str, ...]] = {}
    for path in sorted(paths):
        content = read_file(change.workspace.tree, path, MAX_SOURCE_BYTES)
        if content is not None:
            text = content.decode("utf-8", "replace")
            files[path] = tuple(line.removesuffix("\r") for line in text.split("\n"))
    return files


def _answer(agent: Panelist, run: AgentRun, change: Change) -> Answer:
    paths = {file.path for file in change.diff.files}
    return parse_answer(
        run.answer, agent=agent.spec.name, paths=paths, sizes=lambda: _Sizes(change)
    )


def _grounded(
    findings: Sequence[Finding], change: Change
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    lines = lines_of(change, {finding.file for finding in findings})
    grounded = [ground(finding, lines, change.diff) for finding in findings]
    problems = [visible(problem) for _finding, problem in grounded if problem]
    more = len(problems) - MAX_UNBELIEVED
    told = problems[:MAX_UNBELIEVED] + ([f"and {more} more such places"] if more > 0 else [])
    return tuple(finding for finding, _problem in grounded), tuple(told)


def _given(agent: Panelist, change: Change, config: RunConfig) -> int:
    """How many of the files under review it was given whole."""
    files = [file for file in change.diff.files if file.path not in config.ignored]
    if agent.kind.analyzer:
        reads = agent.kind.reads or (lambda _path: True)
        return sum(f.status is not FileStatus.DELETED and reads(f.path) for f in files)
    return len(files) - len(config.clipped)


def _clipped(paths: Sequence[str]) -> tuple[str, ...]:
    """A prompt that did not hold the whole diff is told: what was in it is all that is sure."""
    names = ", ".join(visible(path) for path in paths[:MAX_NAMES])
    more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
    return (f"the diff of {names}{more} did not fit in its prompt",) if paths else ()


class _Sizes(Mapping[str, int]):
    """Lines of each file of the tree, counted only when somebody asks for that file."""

    def __init__(self, change: Change) -> None:
        self._tree = change.workspace.tree
        first = dict.fromkeys(file.path for file in change.diff.files)
        self._paths = list(dict.fromkeys([*first, *_walk(self._tree)]))[:MAX_FILES]
        self._size = cache(self._count)

    @override
    def __getitem__(self, path: str) -> int:
        return self._size(path)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    @override
    def __len__(self) -> int:
        return len(self._paths)

    def _count(self, path: str) -> int:
        content = read_file(self._tree, path, MAX_SOURCE_BYTES)
        if content is None:
            return 0
        return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def _walk(tree: Path) -> Iterator[str]:
    count = 0
    for folder, below, files in os.walk(tree):
        below.sort()
        for name in sorted(files):
            count += 1
            if count > MAX_FILES:
                return
            yield str((Path(folder) / name).relative_to(tree))
