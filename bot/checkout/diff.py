"""Reads git's raw records and patch, as one call prints them, into `FileDiff` records. Pure.

``git diff --raw -z --patch`` prints the records, each ended by NUL, then one empty record, then the
patch. Paths come from the records, where they are exact bytes; the patch quotes them, and a path
may look like a header. The patch gives one section for a record, in the same order (two where the
type changed: the old file leaves, the new one comes). Content is never mistaken for structure: a
hunk ends where its header says.

Text is decoded as UTF-8 with ``surrogateescape``, so that every byte survives; a carriage return
stays at the end of its line. What git does not show as text has ``binary`` set and no lines: a NUL
in the first 8000 bytes, or a blob above the limit of the call (`bot.checkout.repository`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.errors import HarnessError
from bot.models import FileDiff, FileStatus, Hunk

_STATUS = {
    "A": FileStatus.ADDED,
    "M": FileStatus.MODIFIED,
    "D": FileStatus.DELETED,
    "R": FileStatus.RENAMED,
    "C": FileStatus.COPIED,
    "T": FileStatus.TYPE_CHANGED,
}
_RECORD = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([AMDRCT])\d*")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_SECTION = "diff --git "
_TYPE = 0o170000
"""The bits of a mode that say file, symlink or submodule."""


class UnreadableDiff(HarnessError):
    """git printed something that is no diff: a defect here, never the pull request's fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Record:
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    status: FileStatus
    old_path: str
    path: str

    @property
    def sections(self) -> int:
        old, new = (int(mode, 8) & _TYPE for mode in (self.old_mode, self.new_mode))
        return 2 if old and new and old != new else 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    binary: bool
    hunks: tuple[Hunk, ...]


def parse_diff(output: bytes) -> tuple[FileDiff, ...]:
    """Every file of the change, in git's order."""
    records, patch = split_output(output)
    sections = _sections(_text(patch).split("\n"))
    files = tuple(_file(record, sections) for record in _records(records))
    if next(sections, None) is not None:
        raise UnreadableDiff("the patch has more sections than there are records")
    return files


def split_output(output: bytes) -> tuple[bytes, bytes]:
    """(records, patch): records hold paths, so their end is found by reading them in order."""
    position = 0
    while output[position : position + 1] == b":":
        header = _RECORD.fullmatch(output, position, output.find(b"\0", position))
        if header is None:
            raise UnreadableDiff("a record of the diff has an unknown form")
        position = header.end() + 1
        for _path in range(2 if header[5] in b"RC" else 1):
            position = output.find(b"\0", position) + 1
            if not position:
                raise UnreadableDiff("a record of the diff has no end")
    # The empty record between the two parts; an empty diff has neither.
    return output[:position], output[position + 1 :]


def _records(records: bytes) -> Iterator[_Record]:
    fields = iter(records.split(b"\0")[:-1])
    for field in fields:
        old_mode, new_mode, old_blob, new_blob, letter = field[1:].decode("ascii").split(" ")
        status = _STATUS[letter[0]]
        old_path = path = _text(next(fields))
        if status in (FileStatus.RENAMED, FileStatus.COPIED):
            path = _text(next(fields))
        yield _Record(
            old_mode=old_mode,
            new_mode=new_mode,
            old_blob=old_blob,
            new_blob=new_blob,
            status=status,
            old_path=old_path,
            path=path,
        )


def _file(record: _Record, sections: Iterator[_Section]) -> FileDiff:
    own = list(islice(sections, record.sections))
    if len(own) != record.sections:
        raise UnreadableDiff("the patch has fewer sections than there are records")
    return FileDiff(
        path=record.path,
        old_path=record.old_path,
        status=record.status,
        old_mode=record.old_mode,
        new_mode=record.new_mode,
        old_blob=record.old_blob,
        new_blob=record.new_blob,
        binary=any(section.binary for section in own),
        hunks=tuple(hunk for section in own for hunk in section.hunks),
    )


def _sections(lines: list[str]) -> Iterator[_Section]:
    # What follows the last newline is no line.
    end = len(lines) - 1
    position = 0
    while position < end:
        if not lines[position].startswith(_SECTION):
            raise UnreadableDiff("a section of the patch has no header")
        position += 1
        binary = False
        hunks: list[Hunk] = []
        while position < end and not lines[position].startswith(_SECTION):
            if lines[position].startswith("@@ "):
                hunk, position = _hunk(lines, position, end)
                hunks.append(hunk)
            else:
                binary = binary or lines[position].startswith("Binary files ")
                position += 1
        yield _Section(binary=binary, hunks=tuple(hunks))


def _hunk(lines: list[str], position: int, end: int) -> tuple[Hunk, int]:
    header = _HUNK.fullmatch(lines[position])
    if header is None:
        raise UnreadableDiff("a hunk has an unknown form")
    old_start, old_lines, new_start, new_lines = (
        1 if number is None else int(number) for number in header.groups()[:4]
    )
    first = position + 1
    position = _end_of_hunk(lines, first, end, old_lines, new_lines)
    hunk = Hunk(
        old_start=old_start,
        old_lines=old_lines,
        new_start=new_start,
        new_lines=new_lines,
        heading=header[5],
        lines=tuple(lines[first:position]),
    )
    return hunk, position


def _end_of_hunk(lines: list[str], position: int, end: int, old: int, new: int) -> int:
    while position < end:
        mark = lines[position][:1]
        if mark != "\\":
            if old <= 0 and new <= 0:
                break
            if mark not in (" ", "-", "+"):
                raise UnreadableDiff("a line of a hunk has no mark")
            old -= mark != "+"
            new -= mark != "-"
        position += 1
    if old or new:
        raise UnreadableDiff("a hunk does not have the lines that its header counts")
    return position


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
