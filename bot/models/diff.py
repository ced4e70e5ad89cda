"""A change as git tells it: files, hunks, lines; both sides numbered.

Paths are ``str`` decoded with ``surrogateescape``: git's bytes survive a round trip. Show them to
people through `bot.models.text.visible` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class FileStatus(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type-changed"


class Side(StrEnum):
    """GitHub's words: LEFT is the base, RIGHT is the head."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """One ``@@`` block. ``lines`` keep their first character: space, ``+``, ``-`` or ``\\``."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    heading: str = ""
    lines: tuple[str, ...] = ()

    def numbered(self) -> Iterator[tuple[int | None, int | None, str]]:
        """(line in the base, line in the head, line with its mark); ``\\`` lines have neither."""
        old, new = self.old_start, self.new_start
        for line in self.lines:
            mark = line[:1]
            if mark == "\\":
                yield None, None, line
                continue
            yield (old if mark != "+" else None), (new if mark != "-" else None), line
            old += mark != "+"
            new += mark != "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDiff:
    """One file of a change. ``old_path`` equals ``path`` unless renamed or copied."""

    path: str
    old_path: str
    status: FileStatus
    old_mode: str = "000000"
    new_mode: str = "000000"
    old_blob: str = ""
    new_blob: str = ""
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def submodule(self) -> bool:
        return "160000" in (self.old_mode, self.new_mode)

    def lines(self, side: Side) -> frozenset[int]:
        """Line numbers of one side that are inside a hunk: where GitHub accepts a comment."""
        return frozenset(
            number
            for hunk in self.hunks
            for old, new, _line in hunk.numbered()
            if (number := old if side is Side.LEFT else new) is not None
        )

    def added(self) -> frozenset[int]:
        """Line numbers of the head that this change added or altered."""
        return frozenset(
            new
            for hunk in self.hunks
            for _old, new, line in hunk.numbered()
            if new is not None and line.startswith("+")
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """``merge base...head``. ``base_sha`` is the merge base."""

    base_sha: str
    head_sha: str
    files: tuple[FileDiff, ...] = ()

    def file(self, path: str) -> FileDiff | None:
        """The file with this path in the head (or in the base, if it was deleted)."""
        return next((file for file in self.files if file.path == path), None)

    @property
    def changed_lines(self) -> int:
        return sum(line[:1] in "+-" for f in self.files for h in f.hunks for line in h.lines)
