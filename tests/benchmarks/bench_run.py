"""What a whole run costs apart from its agents: from the delivery to the completed check."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot import log
from bot.demo import EmbeddedGitHub
from tests.acceptance.conftest import scripted
from tests.acceptance.stage import Stage

ROUNDS = 7
GOAL = 1.0
"""Seconds of wall time on 2 cores."""


async def main() -> int:
    log.configure("console", level="ERROR")
    with tempfile.TemporaryDirectory() as place:
        async with EmbeddedGitHub(Path(place) / "github") as github:
            agents = [scripted("reader"), scripted("second")]
            stage = Stage(github, Path(place), {"agents": agents, "sandbox": "off"})
            await stage.start()
            try:
                overheads = await measure(stage)
            finally:
                await stage.stop()
    median, worst = statistics.median(overheads), max(overheads)
    print(
        f"whole run apart from its agents: median {median:.2f} s, worst {worst:.2f} s (goal {GOAL})"
    )
    return 0 if median <= GOAL else 1


async def measure(stage: Stage) -> list[float]:
    """Seconds beyond the slowest agent, for the first review and for each push after it."""
    overheads = []
    pull = None
    for number in range(ROUNDS):
        files = {"app.py": "".join(f"x{n} = {n}  # BUG a{n}\n" for n in range(number + 1))}
        started = time.perf_counter()
        if pull is None:
            pull = await stage.pull(files)
        else:
            await stage.push(pull, files)
        while (check := stage.github.check(pull)) is None or check.status != "completed":
            await asyncio.sleep(0.005)
        elapsed = time.perf_counter() - started
        run = await stage.reviewed(pull, times=number + 1)
        reports = await stage.harness.store.agent_reports(run.id)
        overheads.append(elapsed - max(report.run.duration for report in reports))
    return overheads


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
