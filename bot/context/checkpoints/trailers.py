"""Trailers of commit messages, by git's own rules (`git-interpret-trailers`). Pure.

A block of trailers is a paragraph after the title in which every line is ``Token: value`` or goes
on with the line before it, or of which at least a quarter is, if git wrote one of them itself. Git
looks at the last paragraph only. Here each is looked at, because a squash merge leaves the
messages of its commits, with their trailers, one after another in one body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"([A-Za-z0-9-]+)[ \t]*:")
_GENERATED = ("Signed-off-by: ", "(cherry picked from commit ")
MAX_TRAILERS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Trailer:
    token: str
    value: str


def trailers(message: str) -> tuple[Trailer, ...]:
    """Of every block of the message, in their order."""
    found = [t for block in _paragraphs(message)[1:] for t in _block(block)]
    return tuple(found[:MAX_TRAILERS])


def last_trailers(message: str) -> tuple[Trailer, ...]:
    """What git itself calls the trailers of the message."""
    blocks = _paragraphs(message)[1:]
    while blocks and all(line.startswith("#") for line in blocks[-1]):
        blocks.pop()  # comments at the end are no part of the message
    return tuple(t for block in blocks[-1:] for t in _block(block))


def _paragraphs(message: str) -> list[list[str]]:
    paragraphs: list[list[str]] = [[]]
    for line in message.split("\n"):
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


def _block(lines: Sequence[str]) -> Iterator[Trailer]:
    if not _is_block(lines):
        return
    token, value = "", ""
    for line in lines:
        match = None if line[0].isspace() else _TOKEN.match(line)
        if match is None and line[0].isspace() and token:
            value = f"{value} {line.strip()}"
            continue
        if token:
            yield Trailer(token=token, value=value.strip())
        token, value = (match[1], line[match.end() :]) if match else ("", "")
    if token:
        yield Trailer(token=token, value=value.strip())


def _is_block(lines: Sequence[str]) -> bool:
    """Git reads it from its end: what goes on belongs to the line before it."""
    good = bad = waiting = 0
    generated = False
    for line in reversed(lines):
        if line.startswith("#"):
            bad, waiting = bad + waiting, 0
        elif line.startswith(_GENERATED):
            good, waiting, generated = good + 1, 0, True
        elif not line[0].isspace() and _TOKEN.match(line):
            good, waiting = good + 1, 0
        elif line[0].isspace():
            waiting += 1
        else:
            bad, waiting = bad + 1 + waiting, 0
    bad += waiting
    return (generated and good * 3 >= bad) or (good > 0 and bad == 0)
