"""Live progress of a run: one row for each agent on a terminal, plain lines otherwise."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.agents.standing import Doing, Standing, heard
from bot.clock import Clock
from bot.models import Event, RunSummary


class Progress:
    """A sink. On a terminal it redraws its rows; else a changed state is a line."""

    def __init__(self, agents: tuple[str, ...], *, console: Console, clock: Clock) -> None:
        self._rows = {agent: Standing() for agent in agents}
        self._spinner = Spinner("dots")
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
            before = self._rows.get(agent, Standing())
            after = heard(before, event, self._clock.monotonic())
            self._rows[agent] = after
        if after.doing is not before.doing and self._live is None:
            self._say(agent, after)

    def run_finished(self, summary: RunSummary) -> None:
        """Nothing to add: the report follows."""

    def _seconds(self, row: Standing) -> str:
        if row.started is None:
            return ""
        return f"{row.seconds(self._clock.monotonic()):.1f} s"

    def _say(self, agent: str, row: Standing) -> None:
        detail = f" ({row.error})" if row.doing is Doing.FAILED and row.error else ""
        time = (
            f" after {self._seconds(row)}"
            if row.ended is not None and row.started is not None
            else ""
        )
        used = f", {row.tokens:,} tokens" if row.ended is not None and row.tokens else ""
        self._console.print(
            f"{agent}: {row.doing.value}{time}{used}{detail}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for _column in range(4):
            table.add_column(no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        with self._lock:
            rows = list(self._rows.items())
        for agent, row in rows:
            tokens = f"{row.tokens:,} tokens" if row.tokens else ""
            table.add_row(
                self._sign(row.doing),
                Text(agent),
                Text(self._seconds(row), style="dim"),
                Text(tokens, style="dim"),
                Text(row.words, style="dim"),
            )
        return table

    def _sign(self, doing: Doing) -> RenderableType:
        if doing is Doing.READING:
            return self._spinner
        return Text({Doing.DONE: "✓ done", Doing.FAILED: "✗ failed"}.get(doing, "· waiting"))
