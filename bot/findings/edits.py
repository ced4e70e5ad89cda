"""What a diff changed in the code of one file: its edits, without spaces, comments and moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.findings.code import stripped, tokens
from bot.models import FileDiff, Hunk

TELLING = 8
"""Characters of code that are hardly the same by chance; a closing bracket is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Lines that were replaced by others, as code alone; lines without code are left out.

    ``first`` to ``last`` are numbers of the old file, ``at`` to ``until`` of the new one; where a
    side has no line, they name the one before. ``lead`` is what stands before it in the new file,
    nearest last, and git's heading first.
    """

    first: int
    last: int
    at: int
    until: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    lead: tuple[str, ...] = ()

    @property
    def touches_code(self) -> bool:
        """Other lengths of lines and other quotation marks are no other code."""
        return self.old != self.new and _flat(self.old, self.new) != _flat(self.new, self.old)

    @property
    def fresh(self) -> tuple[str, ...]:
        """Lines that came, and not only from another indentation."""
        return tuple(line for line in self.new if line not in self.old)

    @property
    def lost(self) -> tuple[str, ...]:
        return tuple(line for line in self.old if line not in self.new)


def edits(file: FileDiff) -> tuple[Edit, ...]:
    """In the order of the file; those that change spaces or comments only are left out."""
    return tuple(edit for hunk in file.hunks for edit in _of_hunk(hunk, file) if edit.touches_code)


def _of_hunk(hunk: Hunk, file: FileDiff) -> Iterator[Edit]:
    old = _side([text for was, _now, text in hunk.numbered() if was is not None], file.old_path)
    new = _side([text for _was, now, text in hunk.numbered() if now is not None], file.path)
    lead = [hunk.heading] if hunk.heading else []
    gone: list[str] = []
    come: list[str] = []
    was_at, now_at = hunk.old_start - (hunk.old_lines > 0), hunk.new_start - (hunk.new_lines > 0)
    for was, now, _text in [*hunk.numbered(), (-1, -1, "")]:
        if was is not None and now is not None:  # a line of the context, or the end
            if gone or come:
                yield _edit(gone, come, was_at, now_at, lead)
                lead += [line for line in come if line]
            if was < 0:
                return
            was_at, now_at, gone, come = was, now, [], []
            next(old)
            lead.append(next(new))
        elif was is not None:
            was_at, gone = was, [*gone, next(old)]
        elif now is not None:
            now_at, come = now, [*come, next(new)]


def _side(lines: list[str], path: str) -> Iterator[str]:
    return iter(stripped((line[1:] for line in lines), path))


def _edit(gone: list[str], come: list[str], was: int, now: int, lead: Sequence[str]) -> Edit:
    return Edit(
        first=was - len(gone) + 1 if gone else was,
        last=was,
        at=now - len(come) + 1 if come else now,
        until=now,
        old=tuple(line for line in gone if line),
        new=tuple(line for line in come if line),
        lead=tuple(line for line in lead if line),
    )


def lost_comment(file: FileDiff, code: str) -> bool:
    """Whether a line of ``code`` that has a comment stands no more as it was."""
    lines = [line for hunk in file.hunks for line in hunk.lines]
    added = {" ".join(line[1:].split()) for line in lines if line.startswith("+")}
    gone = {" ".join(line[1:].split()) for line in lines if line.startswith("-")} - added
    own = [" ".join(line.split()) for line in code.split("\n")]
    bare = stripped(code.split("\n"), file.old_path)
    return any(a != b and a in gone for a, b in zip(own, bare, strict=True))


def suppresses(file: FileDiff) -> bool:
    """Whether a comment was added that tells an analyzer to be silent."""
    return any(
        line.startswith("+") and _SILENCE.search(line) is not None
        for hunk in file.hunks
        for line in hunk.lines
    )


_SILENCE = re.compile(
    r"noqa|nosec|type:\s*ignore|eslint-disable|nolint|NOSONAR|pylint:\s*disable|@ts-(?:ignore|expect)"
    r"|noinspection|rubocop:disable|shellcheck disable|nosemgrep|SuppressWarnings"
)


def telling(code: Sequence[str]) -> bool:
    """Whether finding these lines elsewhere means something."""
    return sum(len(line.replace(" ", "")) for line in code) >= TELLING


def holds(lines: Sequence[str], code: Sequence[str]) -> bool:
    """Whether ``code`` stands among ``lines``, whole and in order; both as code alone."""
    wanted = [line for line in code if line]
    text = [line for line in lines if line]
    count = len(wanted)
    return bool(wanted) and any(
        text[n] == wanted[0] and text[n : n + count] == wanted for n in range(len(text) - count + 1)
    )


def _flat(lines: Sequence[str], other: Sequence[str]) -> list[str]:
    words = [token.text for line in lines for token in tokens(line)]
    words = [word for word in words if word not in _QUOTATION]
    if len(lines) == len(other):
        return words
    # A line that was broken in two gets brackets around it and a comma at its end.
    return [word for word in words if word not in _WRAPPING]


_QUOTATION = frozenset("'\"`")
_WRAPPING = frozenset("(),;\\")
