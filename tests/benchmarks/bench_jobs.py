"""What the queue costs: an empty job from end to end, and one recorded step.

``python -m tests.benchmarks.bench_jobs`` prints the wall time of a job without steps (enqueue to
"finished") next to the poll it waits for, and of one more step next to a bare durable commit on the
same disk, in turns. Goal: an empty job takes at most 0.5 s. Exit 1 if it is missed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot import log
from bot.clock import SystemClock
from bot.jobs import Cookbook, Engine, Step
from bot.jobs.engine import POLL
from bot.models import Job
from tests.fakes.jobs import Blobs

GOAL = 0.5
ROUNDS = 20
STEPS = 20

book = Cookbook()


@book.recipe("empty", version=1)
async def empty(_services: None, _step: Step, _request: None) -> None:
    """Nothing but the queue."""


@book.recipe("steps", version=1)
async def steps(_services: None, step: Step, _request: list[float]) -> None:
    started = time.perf_counter()
    for number in range(STEPS):
        await step(f"step {number}", _nothing)
    TOOK.append((time.perf_counter() - started) / STEPS)


TOOK: list[float] = []


async def _nothing() -> None: ...


async def timed(engine: Engine, recipe: str, number: int) -> float:
    started = time.perf_counter()
    await engine.enqueue(f"{recipe}:{number}", Job(recipe=recipe, key=recipe, request=[]))
    await engine.wait(f"{recipe}:{number}")
    return time.perf_counter() - started


def commits(path: Path) -> float:
    """Seconds of one durable commit of a small row."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (x TEXT)")
    started = time.perf_counter()
    for _ in range(STEPS):
        connection.execute("INSERT INTO t VALUES ('x')")
    took = (time.perf_counter() - started) / STEPS
    connection.close()
    return took


async def main() -> int:
    log.configure("console", level="CRITICAL")
    jobs: list[float] = []
    raw: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        engine = Engine(
            data_dir=home, store=Blobs(home / "blobs"), max_runs=4, clock=SystemClock(),
            cookbook=book,
        )  # fmt: skip
        await engine.start(None)
        await timed(engine, "empty", -1)
        for number in range(ROUNDS):
            jobs.append(await timed(engine, "empty", number))
            await timed(engine, "steps", number)
            raw.append(await asyncio.to_thread(commits, home / "raw.sqlite"))
        await engine.stop()
    job, step, commit = (statistics.median(values) for values in (jobs, TOOK, raw))
    print(f"empty job {job:.3f} s (max {max(jobs):.3f}), {job / POLL:.1f} x the poll of {POLL} s")
    print(f"one step {step * 1e3:.2f} ms, {step / commit:.1f} x a commit of {commit * 1e3:.2f} ms")
    ok = job <= GOAL
    print(f"{'ok' if ok else 'MISSED'}: goal {GOAL} s")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
