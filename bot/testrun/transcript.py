"""What a test run wrote: its beginning and its end, however much it was."""

from __future__ import annotations

from bot.testrun.go_events import MAX_LINE, GoEvents
from bot.testrun.tally import text

HEAD = 16 * 1024
TAIL = 64 * 1024
SHOWN = 8 * 1024


class Transcript:
    """Bytes as they come. With ``events``, each line is go's and only its words are kept."""

    def __init__(self, events: GoEvents | None = None) -> None:
        self.left_out = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._line = bytearray()
        self._events = events

    def add(self, chunk: bytes) -> None:
        if self._events is None:
            self._keep(chunk)
            return
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._end_line(part)
        self._line += rest
        if len(self._line) > MAX_LINE:
            self._end_line(b"")

    def text(self, errors: str = "") -> str:
        """All that is known of what it wrote; ``errors`` is its other stream."""
        self._flush()
        head, tail = (bytes(part).decode("utf-8", "replace") for part in (self._head, self._tail))
        gap = f"\n[... {self.left_out} bytes left out ...]\n" if self.left_out else ""
        return text("\n".join(part for part in (f"{head}{gap}{tail}", errors) if part))

    def shown(self, errors: str = "", details: str = "") -> str:
        """The end of both streams for people, with ``details`` that only a report tells."""
        self._flush()
        errors = "\n\n".join(part.strip("\n") for part in (errors, details) if part)
        said = bytes(self._tail if self.left_out else self._head + self._tail).decode(
            "utf-8", "replace"
        )
        half = SHOWN // 2
        room = SHOWN - min(len(errors), half)
        parts = (
            _end(said.strip("\n"), room),
            _end(errors, SHOWN - min(len(said), half)),
        )
        return text("\n".join(part for part in parts if part))

    def _end_line(self, part: bytes) -> None:
        line = (self._line + part).decode("utf-8", "replace")
        self._line.clear()
        if self._events is not None and (said := self._events.line(line)):
            self._keep(f"{said}\n".encode("utf-8", "replace"))

    def _flush(self) -> None:
        if self._line:
            self._end_line(b"")

    def _keep(self, data: bytes) -> None:
        room = HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        beyond = len(self._tail) - TAIL
        if beyond > 0:
            del self._tail[:beyond]
            self.left_out += beyond


def _end(said: str, room: int) -> str:
    return said if len(said) <= room else f"[...]\n{said[len(said) - room :]}"
