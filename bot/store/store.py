"""The facade: every query as an async method, run in threads.

SQLite has one writer, so one thread writes and two read beside it (WAL); PostgreSQL gets a small
pool for both. A database that cannot answer now (locked, full, gone) is `TryLater`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.clock import Clock, SystemClock
from bot.errors import ConfigurationError, TryLater
from bot.findings.memory import MAX_LESSONS
from bot.findings.states import OPEN
from bot.models import (
    Act,
    AgentReport,
    Closing,
    CostLine,
    Delivery,
    Issue,
    IssueEvent,
    IssueState,
    KnownIssue,
    Lesson,
    LessonKind,
    LoggedEvent,
    ModelCall,
    Placement,
    Repo,
    RunRecord,
    RunState,
    Spent,
    StoredDelivery,
    Total,
)
from bot.store import (
    blobs,
    costs,
    deliveries,
    engine,
    events,
    health,
    issues,
    lessons,
    lives,
    repos,
    runs,
    saving,
    schema,
)

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 5.0


class Store:
    """Everything harness remembers, apart from the engine's own record of its jobs."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._engine = database
        self._writing = database.execution_options(writes=True)
        self._clock = clock
        if database.dialect.name == "sqlite":
            self._writers = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
            self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-reader")
        else:
            self._writers = ThreadPoolExecutor(engine.THREADS, thread_name_prefix="store")
            self._readers = self._writers

    @classmethod
    async def open(cls, url: str, *, clock: Clock | None = None) -> Store:
        """Connect, and create or migrate the schema where needed; else `ConfigurationError`."""
        parsed = engine.parse_url(url)
        async with AsyncExitStack() as failed:
            try:
                if parsed.drivername == "sqlite":
                    await asyncio.to_thread(health.refuse_damaged, Path(str(parsed.database)))
                store = cls(engine.create(parsed), clock or SystemClock())
                failed.push_async_callback(store.close)
                current = await store._in_thread(
                    store._writers, schema.create_or_check, store._engine
                )
            except (TryLater, DBAPIError, OSError) as error:
                raise ConfigurationError(
                    f"the database cannot be opened: {_reason(error)}"
                ) from error
            if not current:
                await schema.migrate(parsed)
            failed.pop_all()
        return store

    async def close(self) -> None:
        """Wait for running queries, then disconnect."""
        for pool in (self._writers, self._readers):
            await asyncio.to_thread(pool.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    async def ping(self) -> None:
        """Prove that the database answers and takes writes; `TryLater` if not."""
        await self._write(_ping)

    # -------------------------------------------------------------------------- deliveries

    async def add_deliveries(self, batch: Sequence[Delivery]) -> None:
        """Store those whose id is not known yet."""
        await self._write(deliveries.add, batch, self._clock.now())

    async def pending_deliveries(self, limit: int) -> list[Delivery]:
        """Stored and not yet dispatched, oldest first."""
        return await self._read(deliveries.pending, limit)

    async def mark_dispatched(self, delivery_id: str, jobs: Sequence[str], error: str = "") -> None:
        await self._write(deliveries.mark_dispatched, delivery_id, jobs, error, self._clock.now())

    async def delivery(self, delivery_id: str) -> StoredDelivery | None:
        return await self._read(deliveries.find, delivery_id)

    async def forget_deliveries(self, before: datetime) -> int:
        """Drop dispatched ones that arrived before a moment; returns how many."""
        return await self._write(deliveries.forget_dispatched, before)

    # -------------------------------------------------------------------------------- runs

    async def add_run(self, run: RunRecord) -> None:
        """A run that exists already stays as it is."""
        await self._write(runs.add, run)

    async def finish_run(
        self, run_id: str, state: RunState, conclusion: str, title: str, finished_at: datetime
    ) -> None:
        await self._write(runs.finish, run_id, state, conclusion, title, finished_at)

    async def restate_run(self, run_id: str, conclusion: str, title: str) -> None:
        """People changed how its issues stand."""
        await self._write(runs.restate, run_id, conclusion, title)

    async def run(self, run_id: str) -> RunRecord | None:
        return await self._read(runs.find, run_id)

    async def runs(
        self, limit: int, repo: Repo | None = None, number: int | None = None
    ) -> list[RunRecord]:
        """Newest first."""
        return await self._read(runs.newest, limit, repo, number)

    async def unfinished_runs(self) -> list[RunRecord]:
        """Waiting or running according to the record, oldest first."""
        return await self._read(runs.unfinished)

    async def newest_finished_run(
        self, repo: Repo, number: int, before: datetime | None = None
    ) -> RunRecord | None:
        """The last that ended with a word about its head; a cancelled one has none."""
        return await self._read(runs.newest_finished, repo, number, before)

    async def runs_for_head(self, repo: Repo, sha: str) -> list[RunRecord]:
        """Newest first, whatever their pull request."""
        return await self._read(runs.for_head, repo, sha)

    async def runs_of_delivery(self, delivery_id: str) -> list[RunRecord]:
        """Oldest first."""
        return await self._read(runs.of_delivery, delivery_id)

    async def approve_head(self, repo: Repo, number: int, sha: str, by: str) -> None:
        """A maintainer's word for one exact head; the first one stands."""
        await self._write(runs.approve_head, repo, number, sha, by, self._clock.now())

    async def approval(self, repo: Repo, number: int, sha: str) -> str | None:
        """Who approved this head."""
        return await self._read(runs.approval, repo, number, sha)

    async def add_agent_reports(self, run_id: str, reports: Sequence[AgentReport]) -> None:
        """Replaces what an interrupted attempt may have stored."""
        await self._write(runs.add_agent_reports, run_id, reports)

    async def agent_reports(self, run_id: str) -> list[AgentReport]:
        """In the order in which they were added."""
        return await self._read(runs.agent_reports, run_id)

    async def add_events(
        self, run_id: str, batch: Sequence[LoggedEvent], restarted: Collection[str] = ()
    ) -> None:
        """Append to a run's log; agents that begin anew lose what they said before."""
        await self._write(events.add, run_id, batch, restarted)

    async def events(self, run_id: str, after: int = 0, limit: int = 1000) -> list[LoggedEvent]:
        """At most ``limit`` events of the run that follow number ``after``, in order."""
        return await self._read(events.after, run_id, after, limit)

    # ------------------------------------------------------------------------------ issues

    async def save_issues(
        self,
        run_id: str,
        repo: Repo,
        number: int,
        head_sha: str,
        found: Sequence[Issue],
        posted: Mapping[str, Placement],
        closed: Sequence[Closing] = (),
    ) -> None:
        """See `bot.store.saving.save`; may be repeated."""
        run = saving.Saving(
            run_id=run_id, repo=repo, number=number, head_sha=head_sha, at=self._clock.now()
        )
        await self._write(saving.save, run, found, posted, closed)

    async def known_issues(
        self, repo: Repo, number: int, states: Collection[IssueState] = OPEN
    ) -> list[KnownIssue]:
        """The last occurrence of each open issue (or of those in other ``states``)."""
        return await self._read(issues.known, repo, number, states)

    async def issues_of_run(self, run_id: str) -> list[Issue]:
        """As that run found them, in its order."""
        return await self._read(issues.of_run, run_id)

    async def issue(self, repo: Repo, number: int, issue_id: str) -> Issue | None:
        """As it last occurred, in the state that it has now."""
        return await self._read(lives.one, repo, number, issue_id)

    async def issue_history(self, repo: Repo, number: int, issue_id: str) -> list[IssueEvent]:
        """What happened to it, oldest first."""
        return await self._read(lives.history, repo, number, issue_id)

    async def act_on_issue(
        self,
        repo: Repo,
        number: int,
        issue_id: str,
        act: Act,
        *,
        by: str,
        reason: str = "",
        commit: str = "",
    ) -> IssueEvent | None:
        """See `bot.store.lives.act`: None if there is no such issue; refused acts are raised."""
        return await self._write(
            lives.act,
            repo,
            number,
            issue_id,
            act,
            at=self._clock.now(),
            by=by,
            reason=reason,
            commit=commit,
        )

    # ------------------------------------------------------------------------------ memory

    async def learn(self, repo: Repo, lesson: Lesson) -> None:
        """Remember what people did; the same lesson again only makes it newer."""
        await self._write(lessons.learn, repo, lesson)

    async def unlearn(self, repo: Repo, kind: LessonKind, number: int, issue: str) -> None:
        """Somebody took it back."""
        await self._write(lessons.unlearn, repo, kind, number, issue)

    async def lessons(self, repo: Repo, limit: int = MAX_LESSONS) -> list[Lesson]:
        """The newest first."""
        return await self._read(lessons.newest, repo, limit)

    # ------------------------------------------------------------------------------- costs

    async def add_call(self, call: ModelCall, charged: Decimal) -> None:
        """One call that is over; ``charged`` is what counts against limits."""
        await self._write(costs.add, call, charged)

    async def spent(
        self, run_id: str, agent: str, repo: Repo, number: int, since: datetime | None
    ) -> Spent:
        """What counts against each limit; of the month only if it is asked for (``since``)."""
        return await self._read(costs.spent, run_id, agent, repo, number, since)

    async def cost_of_run(self, run_id: str) -> Total:
        return await self._read(costs.of_run, run_id)

    async def cost_of_pull(self, repo: Repo, number: int) -> Total:
        """Of all runs of the pull request."""
        return await self._read(costs.of_pull, repo, number)

    async def cost_since(self, moment: datetime) -> Total:
        return await self._read(costs.since, moment)

    async def costs(self, run_id: str) -> list[CostLine]:
        """By agent, step, role and model."""
        return await self._read(costs.breakdown, run_id)

    # ------------------------------------------------------------------- blobs, repositories

    async def put_blob(self, key: str, data: bytes) -> None:
        """Create or replace."""
        await self._write(blobs.put, key, data, self._clock.now())

    async def get_blob(self, key: str) -> bytes | None:
        return await self._read(blobs.get, key)

    async def delete_blobs(self, prefix: str) -> int:
        """Drop every key that starts with ``prefix``; returns how many."""
        return await self._write(blobs.delete_all, prefix)

    async def forget_repo(self, repo: Repo) -> None:
        """Drop runs, issues and approvals of a repository that the App lost."""
        await self._write(repos.forget, repo)

    # ----------------------------------------------------------------------------- plumbing

    async def _read(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        work = partial(_transact, self._engine, query, *args, **kwargs)
        return await self._in_thread(self._readers, work)

    async def _write(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        work = partial(_transact, self._writing, query, *args, **kwargs)
        return await self._in_thread(self._writers, work)

    @staticmethod
    async def _in_thread(
        pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, partial(work, *args, **kwargs))
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise TryLater(f"the database: {_reason(error)}", RETRY_SECONDS) from error


def _reason(error: Exception) -> str:
    # The first line is the database's own; the rest quotes the statement and its values.
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).splitlines() or [type(error).__name__])[0]


def _transact(
    database: Engine,
    query: Callable[Concatenate[Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    with database.begin() as connection:
        return query(connection, *args, **kwargs)


def _ping(connection: Connection) -> None:
    # A write that changes nothing: it needs the write lock and a disk that is not read-only.
    connection.execute(text("UPDATE blobs SET key = key WHERE 1 = 0"))
