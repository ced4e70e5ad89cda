"""Which files of a diff are reviewed: gitignore patterns, the last match wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pathspec

from bot.models import Diff, FileDiff, FileStatus, Skipped


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Files to review, and those left out with the reason. A bad pattern is a problem, no more."""

    paths: frozenset[str]
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[str, ...] = ()


def split(diff: Diff, patterns: Sequence[str]) -> Scope:
    """Every file is either reviewed or skipped. A deleted file is reviewed: its lines are gone."""
    usable, problems = _usable(patterns)
    spec = pathspec.GitIgnoreSpec.from_lines(usable)
    skipped: list[Skipped] = []
    for file in diff.files:
        match = spec.check_file(file.path)
        if match.include and match.index is not None:
            reason = f"ignored by `{usable[match.index].strip()}`"
            skipped.append(Skipped(path=file.path, reason=reason))
        elif reason := _nothing_to_read(file):
            unread = file.binary or file.submodule
            skipped.append(Skipped(path=file.path, reason=reason, unread=unread))
    left_out = {file.path for file in skipped}
    return Scope(
        paths=frozenset(file.path for file in diff.files if file.path not in left_out),
        skipped=tuple(skipped),
        problems=problems,
    )


def _nothing_to_read(file: FileDiff) -> str:
    if file.submodule:
        return "a submodule"
    if file.binary:
        return "binary, or too large to compare"
    if file.hunks:
        return ""
    if file.status in (FileStatus.RENAMED, FileStatus.COPIED):
        return f"{file.status.value} without a change"
    if file.old_mode != file.new_mode and file.status is FileStatus.MODIFIED:
        return "only its mode changed"
    return "no lines changed"


def _usable(patterns: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    usable: list[str] = []
    problems: list[str] = []
    for pattern in patterns:
        try:
            pathspec.GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error):
            problems.append(f"{pattern!r} is no gitignore pattern")
        else:
            usable.append(pattern)
    return usable, tuple(problems)
