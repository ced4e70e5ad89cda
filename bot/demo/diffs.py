"""Reads git's diff the way GitHub shows it: files, patches, hunks, and what is too large to show.

Deliberately not `bot.checkout.diff`: what the bot believes about a diff is tested against this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

MAX_FILES = 3000
MAX_FILE_LINES = 20_000
MAX_FILE_BYTES = 500_000
MAX_LINES = 20_000
MAX_BYTES = 1_000_000

DIFF_ARGUMENTS = (
    "diff", "--raw", "-p", "-z", "-M", "--no-color", "--no-ext-diff", "--no-textconv",
    "--full-index", "--abbrev=40", "--src-prefix=a/", "--dst-prefix=b/", "-U3",
)  # fmt: skip

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied",
           "T": "changed"}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a hunk with its numbers on both sides."""

    old: int | None
    new: int | None
    mark: str
    text: str

    def number(self, side: str) -> int | None:
        return self.old if side == "LEFT" else self.new


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    header: str
    rows: tuple[Row, ...]

    def find(self, side: str, line: int) -> int | None:
        """The place in ``rows`` of a line of one side."""
        return next((i for i, row in enumerate(self.rows) if row.number(side) == line), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    path: str
    old_path: str
    status: str
    sha: str
    patch: str | None
    """None for binary files and for what GitHub finds too large."""
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    additions: int = 0
    deletions: int = 0


def parse(raw: bytes) -> tuple[File, ...]:
    """Files of the output of ``DIFF_ARGUMENTS``, clipped as GitHub clips."""
    entries, patch = _entries(raw)
    sections = _sections(patch.decode("utf-8", "replace"))
    files: list[File] = []
    for letter, sha, old_path, path in entries:
        lines = next(sections, [])
        if letter == "T":
            # A file that became a symlink, say: git deletes and adds it; the second part counts.
            lines = next(sections, lines)
        files.append(_file(letter, sha, old_path, path, lines))
    return clip(files)


def clip(files: Sequence[File]) -> tuple[File, ...]:
    """Drop what GitHub does not show: comments on lines cannot go there."""
    shown: list[File] = []
    total_lines = total_bytes = 0
    for file in files[:MAX_FILES]:
        lines, size = _size(file)
        total_lines, total_bytes = total_lines + lines, total_bytes + size
        fits = lines <= MAX_FILE_LINES and size <= MAX_FILE_BYTES
        fits = fits and total_lines <= MAX_LINES and total_bytes <= MAX_BYTES
        shown.append(file if fits else replace(file, patch=None, hunks=()))
    return tuple(shown)


def _size(file: File) -> tuple[int, int]:
    patch = file.patch or ""
    return patch.count("\n"), len(patch.encode("utf-8", "replace"))


def _entries(raw: bytes) -> tuple[list[tuple[str, str, str, str]], bytes]:
    """(letter, new blob, old path, path) of the raw part, and the patch that follows it."""
    entries: list[tuple[str, str, str, str]] = []
    rest = raw
    while rest.startswith(b":"):
        head, old, rest = rest.split(b"\0", 2)
        fields = head.decode("ascii").split(" ")
        letter, sha = fields[4][0], fields[3]
        new = old
        if letter in "RC":
            new, rest = rest.split(b"\0", 1)
        entries.append((letter, sha, _path(old), _path(new)))
    return entries, rest.removeprefix(b"\0")


def _path(raw: bytes) -> str:
    """GitHub's JSON is UTF-8: what is not, is shown with replacement characters."""
    return raw.decode("utf-8", "replace")


def _sections(patch: str) -> Iterator[list[str]]:
    """Lines of each file's part. Inside hunks every line has a mark, so the split is safe."""
    section: list[str] | None = None
    for line in patch.split("\n"):
        if line.startswith("diff --git "):
            if section is not None:
                yield section
            section = []
        elif section is not None:
            section.append(line)
    if section is not None:
        yield section


def _file(letter: str, sha: str, old_path: str, path: str, lines: list[str]) -> File:
    start = next((i for i, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    body = lines[start:]
    while body and not body[-1]:
        body.pop()
    hunks = tuple(_hunks(body))
    rows = [row for hunk in hunks for row in hunk.rows]
    return File(
        path=path,
        old_path=old_path,
        status=_STATUS[letter],
        sha=sha,
        patch="\n".join(body) if body else None,
        hunks=hunks,
        binary=any(line.startswith("Binary files ") for line in lines[:start]),
        additions=sum(row.mark == "+" for row in rows),
        deletions=sum(row.mark == "-" for row in rows),
    )


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    header, rows = "", list[Row]()
    old = new = 0
    for line in lines:
        if match := _HEADER.match(line):
            if header:
                yield Hunk(header=header, rows=tuple(rows))
            header, rows = line, []
            old, new = int(match[1]), int(match[3])
            continue
        mark = line[:1] or " "
        if mark == "\\":
            rows.append(Row(old=None, new=None, mark="\\", text=line[2:]))
            continue
        rows.append(
            Row(
                old=None if mark == "+" else old,
                new=None if mark == "-" else new,
                mark=mark,
                text=line[1:],
            )
        )
        old += mark != "+"
        new += mark != "-"
    if header:
        yield Hunk(header=header, rows=tuple(rows))


def moved_line(hunks: Sequence[Hunk], line: int) -> int | None:
    """Where a line of the old side is on the new one; None if it was changed or removed."""
    shift = 0
    for hunk in hunks:
        olds = [row.old for row in hunk.rows if row.old is not None]
        index = hunk.find("LEFT", line)
        if index is not None:
            return hunk.rows[index].new
        if olds and line < olds[0]:
            break
        match = _HEADER.match(hunk.header)
        if match and (olds or int(match[1]) < line):
            news = sum(row.new is not None for row in hunk.rows)
            shift += news - len(olds)
    return line + shift
