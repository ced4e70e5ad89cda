"""What git says of commits, as records. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.models.context import CommitNote

_ENTRY = re.compile(r"[0-9a-f]{40,64} \d+ \d+ \d+")
MAX_COMMITS = 250
"""GitHub lists no more of a pull request's commits either."""
MAX_MESSAGE = 20_000
MAX_FILES = 300
"""Of one commit; a larger one is about everything."""


def commit_notes(objects: bytes, changed: bytes) -> tuple[CommitNote, ...]:
    """``objects`` is what ``cat-file --batch`` prints of commits, ``changed`` what
    ``diff-tree --stdin -r -z --raw`` prints of the same ones. A merge touches no files.
    """
    files = dict(_files(changed))
    return tuple(
        CommitNote(sha=sha, subject=subject, body=body, files=files.get(sha, ())[:MAX_FILES])
        for sha, message in _messages(objects)
        for subject, body in [_split(message)]
    )


def _messages(objects: bytes) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(objects):
        end = objects.index(b"\n", place)
        sha, _kind, size = objects[place:end].decode("ascii").split()
        start, place = end + 1, end + 1 + int(size) + 1
        _head, _blank, message = objects[start : place - 1].partition(b"\n\n")
        yield sha, message[: 4 * MAX_MESSAGE].decode("utf-8", "replace")[:MAX_MESSAGE]


def _files(changed: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A field that begins with a colon is followed by a path; every other one is a commit."""
    fields = iter(changed.decode("utf-8", "surrogateescape").split("\0"))
    sha, paths = "", []
    for field in fields:
        if field.startswith(":"):
            paths.append(next(fields, ""))
        elif field:
            if sha:
                yield sha, tuple(paths)
            sha, paths = field, []
    if sha:
        yield sha, tuple(paths)


def blamed_lines(output: bytes) -> list[tuple[int, str]]:
    """``blame --incremental``: (line, commit), without the lines that were there before."""
    found: list[tuple[int, str]] = []
    before: set[str] = set()
    entry: tuple[str, int, int] | None = None
    for row in output.decode("utf-8", "replace").split("\n"):
        words = row.split(" ")
        if len(words) == 4 and _ENTRY.fullmatch(row):
            entry = (words[0], int(words[2]), int(words[3]))
        elif row == "boundary" and entry is not None:
            before.add(entry[0])
        elif row.startswith("filename ") and entry is not None:
            sha, first, length = entry
            if sha not in before:
                found += [(line, sha) for line in range(first, first + length)]
            entry = None
    return sorted(found)


def _split(message: str) -> tuple[str, str]:
    """Subject and body, as git's own ``%s`` and ``%b`` have them."""
    subject, _blank, body = message.lstrip("\n").partition("\n\n")
    return " ".join(subject.split("\n")).strip(), body.strip("\n")
