"""Reads a program's output in chunks with caps: lines, text and whole answers.

Never ``readline()``: it fails at 64 KiB, and real agents write lines of a megabyte. A line above
the cap costs itself and a warning, not memory.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from bot.models import FailureKind, RunError

MAX_LINE = 16 * 1024 * 1024
MAX_OUTPUT = 32 * 1024 * 1024
MAX_ANSWER = 4 * 1024 * 1024
_MAX_PIECES = 4096


async def read_lines(
    chunks: AsyncIterable[bytes], *, limit: int = MAX_LINE
) -> AsyncIterator[str | RunError]:
    """Lines without their end, undecodable bytes replaced; a warning in place of a longer line."""
    held = _Line(limit)
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            held.add(part)
            yield held.take()
        held.add(rest)
    if held.size:
        yield held.take()


async def read_text(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """The text as it comes; a character torn between two chunks stays whole."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    async for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """All that a program wrote, up to a cap; ``elided`` bytes more were read and dropped."""

    data: bytes
    elided: int = 0


async def read_all(chunks: AsyncIterable[bytes], *, limit: int = MAX_OUTPUT) -> Output:
    """Reads to the end in any case, so that the program is never blocked on a full pipe."""
    kept = bytearray()
    elided = 0
    async for chunk in chunks:
        room = limit - len(kept)
        kept += chunk[:room]
        elided += max(0, len(chunk) - room)
    return Output(data=bytes(kept), elided=elided)


class Tail:
    """The end of a narrative: what counts in it (its last JSON object) comes last."""

    def __init__(self, limit: int = MAX_ANSWER) -> None:
        self._limit = limit
        self._pieces: deque[str] = deque()
        self._size = 0
        self.elided = 0
        """Characters left out at the beginning."""

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._size += len(text)
        if len(self._pieces) > _MAX_PIECES:  # a million one-character pieces would cost 60 MB
            self._pieces = deque(["".join(self._pieces)])
        while self._size > self._limit:
            over = self._size - self._limit
            first = self._pieces.popleft()
            if len(first) > over:
                self._pieces.appendleft(first[over:])
            cut = min(over, len(first))
            self._size -= cut
            self.elided += cut

    def text(self) -> str:
        return "".join(self._pieces)


class _Line:
    """The line being read: its parts while it fits, only its length once it does not."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > self._limit:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def take(self) -> str | RunError:
        size, parts = self.size, self._parts
        self.size, self._parts = 0, []
        if size > self._limit:
            return RunError(
                message=f"a line of {size} bytes was skipped (the limit is {self._limit})",
                kind=FailureKind.UNREADABLE,
                warning=True,
            )
        return b"".join(parts).removesuffix(b"\r").decode("utf-8", "replace")
