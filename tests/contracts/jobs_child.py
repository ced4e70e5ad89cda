"""A process with an engine, for tests that kill it: ``jobs_child.py DIR URL KILL_AT MODE``.

It writes what happens into ``DIR/log``. ``crash`` runs one recipe to its end and dies at the point
named ``KILL_AT`` (``everywhere``: once at each point); ``slow SECONDS`` runs a job that takes so
long to stop, until it is killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.clock import SystemClock
from bot.errors import AgentFailed, ConfigurationError, TryLater
from bot.jobs import Cookbook, Engine, Patience, Pulse, Step
from bot.models import Job, Repo
from tests.fakes.jobs import Blobs

DEAD_AFTER = 1.5

book = Cookbook()
POINTS = (
    "start",
    "in plan", "after plan",
    "after fail",
    "in later#2", "after later",
    "after large",
    "asleep",
    "in last", "after last",
)  # fmt: skip


class Log:
    """Every line is on disk before the next thing happens."""

    def __init__(self, path: Path, kill_at: str) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._kill_at = kill_at

    def write(self, line: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{line}\n")

    def tries(self, step: str) -> int:
        return self._path.read_text().splitlines().count(f"run {step}")

    def point(self, name: str) -> None:
        if name == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


@book.recipe("crash", version=1)
async def crash(log: Log, step: Step, request: Repo) -> None:
    def work(name: str, result: object) -> Callable[[], Awaitable[object]]:
        async def run() -> object:
            log.write(f"run {name}")
            log.point(f"in {name}")
            if isinstance(result, Exception):
                raise result
            return result

        return run

    async def later() -> str:
        name = "later#2" if log.tries("later") else "later"
        log.write(f"run {name}")
        log.point(f"in {name}")
        if name == "later":
            raise TryLater("not yet", 0.05)
        return name

    async def do(name: str, run: Callable[[], Awaitable[object]]) -> None:
        try:
            got = await step(name, run)
        except AgentFailed as error:
            got = error
        text = got if name != "large" else (len(str(got)), type(got))
        log.write(f"saw {name} {type(got).__name__} {text!a}")
        log.point(f"after {name}")

    log.point("start")
    await do("plan", work("plan", (request, frozenset({"x\udc80"}))))
    await do("fail", work("fail", AgentFailed("no \ud800", "timeout")))
    await do("later", later)
    await do("large", work("large", b"\xff" * 100_000))
    log.point("asleep")
    await step.sleep(0.05)
    await do("last", work("last", None))


@book.recipe("slow", version=1)
async def slow(log: Log, step: Step, request: float) -> None:
    async def work() -> None:
        log.write("slow starts")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(request)
            log.write("slow has stopped")

    await step("first", lambda: say(log, "first"))
    await step("slow", work)


@book.recipe("quick", version=1)
async def quick(log: Log, step: Step, request: str) -> None:
    await step("say", lambda: say(log, request))


async def say(log: Log, line: str) -> None:
    log.write(line)


def new_engine(directory: Path, url: str, blobs: Path) -> Engine:
    return Engine(
        data_dir=directory,
        database_url=url,
        store=Blobs(blobs),
        max_runs=4,
        clock=SystemClock(),
        cookbook=book,
        poll=0.03,
        patience=Patience(attempts=3, total=5.0, floor=0.01),
        pulse=Pulse(beat=0.2, dead_after=DEAD_AFTER),
    )


async def main(directory: Path, url: str, kill_at: str, mode: str) -> None:
    engine = new_engine(directory, url, directory / "blobs")
    await engine.start(Log(directory / "log", kill_at))
    if mode.startswith("slow"):
        seconds = float(mode.partition(" ")[2])
        await engine.enqueue("slow", Job(recipe="slow", key="k", request=seconds))
        print("ready", flush=True)
        await asyncio.sleep(60)
    job = Job(recipe="crash", key="acme/app#1", request=Repo(owner="acme", name="app"))
    await engine.enqueue("job", job)
    status = await engine.wait("job")
    await engine.stop()
    print(status.state.value, status.error, flush=True)


def run(arguments: list[str]) -> int:
    try:
        asyncio.run(main(Path(arguments[0]), arguments[1], arguments[2], arguments[3]))
    except ConfigurationError as error:
        print(f"refused: {error}")
        return 2
    return 0


def run_killed_at_every_point(directory: str, url: str) -> None:
    """A process for each point, one after the other; forked here, so that nothing is imported
    again. Prints how each ended."""
    for point in (*POINTS, ""):
        pid = os.fork()
        if pid == 0:
            os._exit(run([directory, url, point, "crash"]))
        print(point, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sep=": ", flush=True)


if __name__ == "__main__":
    if sys.argv[3] == "everywhere":
        run_killed_at_every_point(sys.argv[1], sys.argv[2])
    else:
        sys.exit(run(sys.argv[1:]))
