"""The port's own rows beside the engine's: live processes, held keys, and a view of its jobs.

Everything runs on one thread and one connection, strictly in order: a release that is asked for
after a grab can never overtake it, even when the one who grabbed has been cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import ConfigurationError
from bot.jobs.tables import executors, jobs_table, keys, metadata

T = TypeVar("T")

QUEUE = "jobs"
LIVE = ("ENQUEUED", "PENDING")
_CREATE_LOCK = 4_711_001  # any constant: two processes must not create the tables at once


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveJob:
    """A job that waits or runs. ``order`` compares jobs of one key, oldest first."""

    job_id: str
    recipe: str
    order: tuple[int, str]


class Database:
    """``engine.sqlite`` in the data directory, or the configured PostgreSQL."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.url = parse_url(database_url, data_dir)
        self.is_sqlite = is_sqlite(self.url)
        self._jobs = jobs_table(is_sqlite=self.is_sqlite)
        # The database's clock: machines' clocks differ. SQLite has one process and needs none.
        self._now: sa.ColumnElement[Any] = (
            sa.literal(0.0)
            if self.is_sqlite
            else sa.extract("epoch", sa.func.clock_timestamp()).cast(sa.Double)
        )
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs-database")
        self._engine = _create_engine(self.url)

    async def open(self) -> None:
        """Create what is missing; `ConfigurationError` if the database cannot be had."""
        try:
            await self._do(self._create)
        except DBAPIError as error:
            await self.close()
            reason = str(error.orig).strip().splitlines()[0]
            raise ConfigurationError(f"the engine's database cannot be used: {reason}") from error

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.dispose)
        self._threads.shutdown(wait=True)

    # ------------------------------------------------------------------------------ processes

    async def register(self, executor_id: str, instance: str) -> None:
        """Say that this process lives; what an earlier one of its slot held is let go."""

        def work(connection: sa.Connection) -> None:
            # With SQLite the lock file says that nobody else lives.
            for table in (executors, keys):
                gone = sa.true() if self.is_sqlite else table.c.executor_id == executor_id
                connection.execute(sa.delete(table).where(gone))
            row = {"executor_id": executor_id, "instance": instance, "beat_at": self._now}
            connection.execute(sa.insert(executors).values(row))

        await self._do(work)

    async def beat(self, executor_id: str, instance: str) -> bool:
        """False: somebody declared this process dead."""
        mine = self._mine(executor_id, instance)
        return await self._change(sa.update(executors).where(mine).values(beat_at=self._now)) == 1

    async def leave(self, executor_id: str, instance: str) -> None:
        await self._change(sa.delete(executors).where(self._mine(executor_id, instance)))

    async def bury(self, silent_for: float) -> int:
        """Declare processes dead that were silent for so long; returns how many."""
        silent = executors.c.beat_at < self._now - silent_for
        return await self._change(sa.delete(executors).where(silent))

    async def orphans(self) -> list[tuple[str, str]]:
        """(job, executor) of running jobs whose process is gone; their keys are let go first."""
        living = sa.select(executors.c.executor_id).scalar_subquery()
        jobs = self._jobs

        def work(connection: sa.Connection) -> list[tuple[str, str]]:
            connection.execute(sa.delete(keys).where(keys.c.executor_id.not_in(living)))
            rows = connection.execute(
                sa.select(jobs.c.workflow_uuid, jobs.c.executor_id)
                .where(self._running)
                .where(jobs.c.executor_id.not_in(living))
            )
            return [(row[0], row[1]) for row in rows]

        return await self._do(work)

    # ----------------------------------------------------------------------------------- keys

    async def take_key(self, key: str, job_id: str, executor_id: str) -> bool:
        """False while another job's code still runs for it."""

        def work(connection: sa.Connection) -> bool:
            if connection.execute(sa.select(keys.c.key).where(keys.c.key == key)).first():
                return False
            row = {"key": key, "job_id": job_id, "executor_id": executor_id}
            connection.execute(sa.insert(keys).values(row))
            return True

        try:
            return await self._do(work)
        except sa.exc.IntegrityError:  # another process was faster
            return False

    async def drop_key(self, key: str, job_id: str, executor_id: str) -> None:
        held = sa.and_(
            keys.c.key == key, keys.c.job_id == job_id, keys.c.executor_id == executor_id
        )
        await self._change(sa.delete(keys).where(held))

    # ----------------------------------------------------------------------------------- jobs

    async def live_jobs(self, key: str) -> list[LiveJob]:
        jobs = self._jobs
        rows = await self._rows(
            sa.select(jobs.c.workflow_uuid, jobs.c.name, jobs.c.created_at)
            .where(jobs.c.status.in_(LIVE))
            .where(jobs.c.queue_partition_key == key)
        )
        return [LiveJob(job_id=r[0], recipe=r[1], order=(r[2], r[0])) for r in rows]

    async def owners(self, job_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(status, executor) of each job that exists."""
        jobs = self._jobs
        rows = await self._rows(
            sa.select(jobs.c.workflow_uuid, jobs.c.status, jobs.c.executor_id).where(
                jobs.c.workflow_uuid.in_(list(job_ids))
            )
        )
        return {row[0]: (row[1], row[2] or "") for row in rows}

    async def running_on(self, executor_id: str) -> dict[str, str]:
        """Recipe by job, of the jobs that are recorded as running there."""
        jobs = self._jobs
        rows = await self._rows(
            sa.select(jobs.c.workflow_uuid, jobs.c.name)
            .where(self._running)
            .where(jobs.c.executor_id == executor_id)
        )
        return {row[0]: row[1] for row in rows}

    async def counts(self) -> dict[str, int]:
        """How many jobs there are in each of the engine's states."""
        status = self._jobs.c.status
        rows = await self._rows(sa.select(status, sa.func.count()).group_by(status))
        return {row[0]: row[1] for row in rows}

    # ------------------------------------------------------------------------------- plumbing

    @property
    def _running(self) -> sa.ColumnElement[bool]:
        jobs = self._jobs
        return sa.and_(jobs.c.status == "PENDING", jobs.c.queue_name == QUEUE)

    @staticmethod
    def _mine(executor_id: str, instance: str) -> sa.ColumnElement[bool]:
        return sa.and_(executors.c.executor_id == executor_id, executors.c.instance == instance)

    def _create(self, connection: sa.Connection) -> None:
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATE_LOCK)))
        metadata.create_all(connection)

    async def _rows(self, query: sa.Select[Any]) -> list[Any]:
        return await self._do(lambda connection: list(connection.execute(query)))

    async def _change(self, statement: sa.Update | sa.Delete) -> int:
        return await self._do(lambda connection: connection.execute(statement).rowcount)

    async def _do(self, work: Callable[[sa.Connection], T]) -> T:
        def run() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)


def is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def parse_url(database_url: str, data_dir: Path) -> sa.URL:
    """SQLite unless PostgreSQL is configured. The error does not quote a URL with a password."""
    try:
        url = sa.make_url(database_url) if database_url else None
    except ArgumentError:
        raise ConfigurationError("HARNESS_DATABASE_URL: cannot be read as a URL") from None
    if url is None or is_sqlite(url):
        return sa.URL.create("sqlite", database=str(data_dir.absolute() / "engine.sqlite"))
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ConfigurationError("HARNESS_DATABASE_URL: must be postgresql://…")


def _create_engine(url: sa.URL) -> sa.Engine:
    if not is_sqlite(url):
        arguments = {"connect_timeout": 10, "keepalives_idle": 30, "application_name": "harness"}
        return sa.create_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=arguments
        )
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Results of jobs are private code: only the owner reads the file (its WAL inherits this).
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    engine = sa.create_engine(
        url, poolclass=sa.StaticPool, connect_args={"check_same_thread": False, "timeout": 30}
    )
    # Kept in the file, so it holds for the engine's own connections too.
    sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA journal_mode=WAL").close())
    return engine
