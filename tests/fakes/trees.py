"""Diffs of small trees that exist as text only, as git would tell them."""

from __future__ import annotations

import difflib

from bot.models import Diff, FileDiff, FileStatus, Hunk
from tests.fakes.nouns import BASE, HEAD

Tree = dict[str, str]
ALIKE = 0.5
"""From which a file that left and one that came are one file with two names."""


def compare(before: Tree, after: Tree, *, old: str = BASE, new: str = HEAD) -> Diff:
    """Renames are found as git does it: gone and come in one change, half of the lines alike."""
    gone = sorted(set(before) - set(after))
    files = []
    for path in sorted(after):
        if path in before:
            if before[path] != after[path]:
                files.append(_file(path, path, before[path], after[path], FileStatus.MODIFIED))
            continue
        source = _source(after[path], gone, before)
        if source:
            gone.remove(source)
            files.append(_file(source, path, before[source], after[path], FileStatus.RENAMED))
        else:
            files.append(_file(path, path, "", after[path], FileStatus.ADDED))
    files += [_file(path, path, before[path], "", FileStatus.DELETED) for path in gone]
    return Diff(base_sha=old, head_sha=new, files=tuple(sorted(files, key=lambda f: f.path)))


def _source(text: str, gone: list[str], before: Tree) -> str:
    def alike(path: str) -> float:
        matcher = difflib.SequenceMatcher(None, _lines(before[path]), _lines(text), autojunk=False)
        return matcher.ratio()

    best = max(gone, key=alike, default="")
    return best if best and alike(best) >= ALIKE else ""


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


def _file(old_path: str, path: str, old: str, new: str, status: FileStatus) -> FileDiff:
    was, now = _lines(old), _lines(new)
    matcher = difflib.SequenceMatcher(None, was, now, autojunk=False)
    hunks = tuple(_hunk(group, was, now) for group in matcher.get_grouped_opcodes(3))
    return FileDiff(path=path, old_path=old_path, status=status, hunks=hunks)


def _hunk(group: list[tuple[str, int, int, int, int]], was: list[str], now: list[str]) -> Hunk:
    lines: list[str] = []
    for tag, i, j, k, m in group:
        if tag == "equal":
            lines += (f" {line}" for line in was[i:j])
        else:
            lines += (f"-{line}" for line in was[i:j])
            lines += (f"+{line}" for line in now[k:m])
    old, new = group[0][1], group[0][3]
    old_lines, new_lines = group[-1][2] - old, group[-1][4] - new
    heading = next((line for line in reversed(was[:old]) if line[:1].isalpha()), "")
    return Hunk(
        old_start=old + (old_lines > 0),
        old_lines=old_lines,
        new_start=new + (new_lines > 0),
        new_lines=new_lines,
        heading=heading,
        lines=tuple(lines),
    )
