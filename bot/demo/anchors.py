"""Where GitHub takes a review comment, and how it says no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.diffs import File, Hunk

PATH = "path"
LINE = "line"
START_ORDER = "start_order"
START_HUNK = "start_hunk"
HUNK_BLANK = "hunk_blank"

REVIEW_WORDS = {
    LINE: "Pull request review thread line must be part of the diff",
    START_ORDER: "Pull request review thread start line must precede the end line.",
    START_HUNK: "Pull request review thread start line must be part of the same hunk as the line.",
    HUNK_BLANK: "Pull request review thread diff hunk can't be blank",
    PATH: "Path could not be resolved",
}
"""How ``POST …/reviews`` words it: all in one sentence of a list of texts."""

COMMENT_WORDS = {
    LINE: ("line", "pull_request_review_thread.line must be part of the diff"),
    START_ORDER: (
        "start_line",
        "pull_request_review_thread.start_line must precede the end line.",
    ),
    START_HUNK: (
        "start_line",
        "pull_request_review_thread.start_line must be part of the same hunk as the line.",
    ),
    PATH: ("path", "pull_request_review_thread.path is not part of the pull request"),
}
"""How ``POST …/comments`` words it: a list of objects that name the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where somebody wants a comment."""

    path: str
    line: int
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


def problems(files: Sequence[File], place: Place) -> tuple[str, ...]:
    """What is wrong with the place; nothing if GitHub takes it."""
    file = find_file(files, place.path)
    if file is None:
        return (PATH,)
    found = find_hunk(file, place.side, place.line)
    wrong: tuple[str, ...] = () if found else (LINE,)
    if place.start_line is not None:
        wrong += _start_problems(found, place, place.start_line)
    return wrong if found else (*wrong, HUNK_BLANK)


def _start_problems(found: Hunk | None, place: Place, start: int) -> tuple[str, ...]:
    side = place.start_side or place.side
    first = found.find(side, start) if found else None
    last = found.find(place.side, place.line) if found else None
    if first is not None and last is not None:
        return () if first < last else (START_ORDER,)
    if side == place.side and start >= place.line:
        return (START_ORDER,)
    return (START_HUNK,)


def find_file(files: Sequence[File], path: str) -> File | None:
    return next((file for file in files if file.path == path), None)


def find_hunk(file: File, side: str, line: int) -> Hunk | None:
    return next((hunk for hunk in file.hunks if hunk.find(side, line) is not None), None)


def diff_hunk(file: File, side: str, line: int) -> str:
    """The hunk down to the commented line, as GitHub shows it above a comment."""
    hunk = find_hunk(file, side, line)
    if hunk is None:
        return ""
    last = hunk.find(side, line) or 0
    return "\n".join([hunk.header, *(row.mark + row.text for row in hunk.rows[: last + 1])])


def in_words(wrong: Sequence[str]) -> str:
    """One sentence, joined as GitHub joins."""
    texts = [REVIEW_WORDS[problem] for problem in wrong]
    if len(texts) < 3:
        return " and ".join(texts)
    return ", ".join(texts[:-1]) + f", and {texts[-1]}"
