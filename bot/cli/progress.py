"""Live progress of a run: one row for each agent on a terminal, plain lines otherwise."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import assert_never

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.clock import Clock
from bot.models import (
    AssistantText,
    Event,
    Finished,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
)
from bot.models.text import visible

WORDS = 60


@dataclass(slots=True)
class Row:
    """What is known of one agent so far."""

    status: str = "waiting"
    words: str = ""
    error: str = ""
    tokens: int = 0
    started: float | None = None
    ended: float | None = None


class Progress:
    """A sink. On a terminal it redraws its rows; else a changed state is a line."""

    def __init__(self, agents: tuple[str, ...], *, console: Console, clock: Clock) -> None:
        self._rows = {agent: Row() for agent in agents}
        self._console = console
        self._clock = clock
        self._lock = threading.Lock()
        self._live = (
            Live(get_renderable=self._table, console=console, transient=True, refresh_per_second=8)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Progress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def agent_event(self, agent: str, event: Event) -> None:
        with self._lock:
            row = self._rows.setdefault(agent, Row())
            before = row.status
            self._take(row, event)
            changed = row.status != before
        if changed and self._live is None:
            self._say(agent, row)

    def run_finished(self, summary: RunSummary) -> None:
        """Nothing to add: the report follows."""

    def _take(self, row: Row, event: Event) -> None:
        match event:
            case Started():
                row.status, row.started = "reading", self._clock.monotonic()
            case AssistantText(text=text):
                row.words = _last_words(text) or row.words
            case ToolCall(name=name):
                row.words = name
            case Tokens(input=sent, output=received):
                row.tokens = sent + received
            case Finished(success=success):
                row.status = "done" if success else "failed"
                row.ended = self._clock.monotonic()
            case RunError(message=message, warning=warning):
                row.words = row.error = _last_line(message)
                if not warning:
                    row.status, row.ended = "failed", self._clock.monotonic()
            case _:
                assert_never(event)

    def _seconds(self, row: Row) -> str:
        if row.started is None:
            return ""
        return f"{(row.ended or self._clock.monotonic()) - row.started:.1f} s"

    def _say(self, agent: str, row: Row) -> None:
        detail = f" ({row.error})" if row.status == "failed" and row.error else ""
        time = f" after {self._seconds(row)}" if row.ended is not None else ""
        self._console.print(f"{agent}: {row.status}{time}{detail}", markup=False, highlight=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        with self._lock:
            for agent, row in self._rows.items():
                tokens = f"{row.tokens:,} tokens" if row.tokens else ""
                table.add_row(
                    _sign(row.status),
                    Text(agent),
                    Text(self._seconds(row), style="dim"),
                    Text(tokens, style="dim"),
                    Text(row.words, style="dim", overflow="ellipsis", no_wrap=True),
                )
        return table


def _sign(status: str) -> RenderableType:
    if status == "reading":
        return Spinner("dots")
    return Text({"done": "✓ done", "failed": "✗ failed"}.get(status, "· waiting"))


def _last_words(text: str) -> str:
    """Of an answer in JSON, its summary: people do not read braces."""
    try:
        answer = json.loads(text)
    except ValueError:
        return _last_line(text)
    summary = answer.get("summary") if isinstance(answer, dict) else None
    return _last_line(summary if isinstance(summary, str) else text)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return visible(lines[-1])[:WORDS] if lines else ""
