"""``harness doctor``: proves, line by line, that the installation can do its job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import log
from bot.cli.doctor import agents, github, machine
from bot.cli.doctor.line import Line, Mark, attention
from bot.cli.operator import files_are_ours
from bot.cli.scratch import scratch
from bot.clock import SystemClock
from bot.models.text import visible
from bot.process import Ledger
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings, load_settings, unknown_names

SECONDS = 15.0
"""For one answer over the network."""

_STYLE = {Mark.WORKS: "green", Mark.ATTENTION: "yellow", Mark.BROKEN: "red", Mark.UNSET: "dim"}


def run() -> int:
    """0 when nothing keeps harness from its job, else 2."""
    settings = load_settings(files=files_are_ours())
    log.configure(settings.log_format, level="ERROR")
    lines = asyncio.run(examined(settings))
    _show(lines)
    return 2 if any(line.mark is Mark.BROKEN for line in lines) else 0


async def examined(settings: Settings) -> list[Line]:
    """Everything, in the order in which it is needed."""
    found = [attention("settings", f"{name}: there is no such setting") for name in unknown_names()]
    with scratch("harness-doctor-") as room:
        fences = Sandbox(mode=settings.sandbox, ledger=Ledger(room / "processes"))
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            found += [
                await machine.git(),
                await machine.sandbox(fences),
                await machine.database(settings),
                machine.disk(settings),
                *await agents.agents(settings, fences, room, http),
                *await github.github(settings, http, SystemClock()),
            ]
    return found


def _show(lines: Sequence[Line]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        # Not markup: a line may quote a table of harness.toml.
        table.add_row(
            Text(line.mark.value, style=_STYLE[line.mark]), line.subject, Text(visible(line.text))
        )
    console = Console()
    console.print(table)
    wrong = sum(line.mark is Mark.BROKEN for line in lines)
    console.print(f"{wrong} to mend" if wrong else "ready", style="red" if wrong else "green")
