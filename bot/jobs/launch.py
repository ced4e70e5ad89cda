"""Starts and stops DBOS in this process, and keeps its manners: logs, threads, thread pools.

DBOS is one per process. Recipes run on the event loop that launches it. It takes over the loop's
default thread pool; when it stops, the loop gets one of its own again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig
from dbos._dbos import _get_dbos_instance
from typing_extensions import override

from bot.jobs.database import QUEUE
from bot.jobs.dbos_serializer import EngineSerializer

NAME = "harness"

VERSION = "harness"
"""Never changes: a job is found again by its recipe's versioned name, not by the program's."""

MAX_RECOVERIES = 20
"""A job that was cut off so often is given up: it may be what ends the process."""

THREADS = 24
POOL = 8

Workflow = Callable[[str, Any], Awaitable[None]]


class _Noise(logging.Filter):
    """What is said here already, or is nothing but a recipe's error or end."""

    _PHRASES = (
        "Exception encountered in asynchronous workflow",
        "Asyncio task cancelled for workflow or step",
        "is no longer owned by this execution",
        "was cancelled during execution",
    )

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return not any(phrase in message for phrase in self._PHRASES)


async def launch(
    url: sa.URL, workflows: Mapping[str, Workflow], *, executor_id: str, max_runs: int, poll: float
) -> None:
    """From here on, waiting jobs start. Blocks the loop for the moment of the first connection."""
    _quiet()
    config: DBOSConfig = {
        "name": NAME,
        "system_database_url": url.set(drivername=url.get_backend_name()).render_as_string(
            hide_password=False
        ),
        "application_version": VERSION,
        "executor_id": executor_id,
        "serializer": EngineSerializer(),
        "sys_db_pool_size": POOL,
        "max_executor_threads": THREADS,
        "use_listen_notify": False,
        # Nothing is ever sent; but stopping waits for this thread to wake up.
        "notification_listener_polling_interval_sec": poll,
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    queue: dict[str, Any] = {
        "worker_concurrency": max_runs,
        "partition_concurrency": 1,
        "polling_interval_sec": poll,
        "on_conflict": "always_update",
    }
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_declare_early, str(config["system_database_url"]), queue)
    DBOS(config=config)
    for name, function in workflows.items():
        DBOS.workflow(name=name, max_recovery_attempts=MAX_RECOVERIES)(function)
    DBOS.listen_queues([QUEUE])
    DBOS.launch()
    sa.event.listen(_get_dbos_instance()._sys_db.engine, "handle_error", _no_connection)
    await DBOS.register_queue_async(QUEUE, **queue)


def _declare_early(url: str, queue: Mapping[str, Any]) -> None:
    """On a new database the engine would see its queue only at its next look, a second later.

    Not with PostgreSQL: `DBOS.migrate` would make triggers there that nobody listens to.
    """
    DBOS.migrate(url)
    client = DBOSClient(system_database_url=url, application_name=NAME)
    try:
        client.register_queue(QUEUE, **queue)
    finally:
        client.destroy()


async def land() -> None:
    """Joins threads that may need the loop, so it works on a thread of its own."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs-landing") as thread:
        await loop.run_in_executor(thread, lambda: DBOS.destroy(destroy_registry=True))
    loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))


def is_launched() -> bool:
    from dbos._dbos import _dbos_global_instance

    return _dbos_global_instance is not None


async def enqueue(job_id: str, full_name: str, key: str, request: Any) -> None:
    """Nothing happens if there is a job of this id already, ended or not."""
    await DBOS.enqueue_workflow_with_options_async(
        {
            "workflow_name": full_name,
            "workflow_id": job_id,
            "queue_name": QUEUE,
            "queue_partition_key": key,
            "app_version": VERSION,
        },
        key,
        request,
    )


async def requeue(job_id: str, executor_id: str) -> bool:
    """Let a job start again that is recorded as running where it does not run any more.

    Changes nothing if another executor has it by now. DBOS offers this for all jobs of an executor
    only, and privately (`reference`: its public ``resume_workflow`` is not conditional).
    """
    database = _get_dbos_instance()._sys_db
    return await asyncio.to_thread(database.reenqueue_for_recovery, job_id, [executor_id], QUEUE)


def _no_connection(context: sa.ExceptionContext) -> None:
    """No connection is a lost connection: it is waited for, and fails no job.

    DBOS waits by itself for an error it knows by its text, which leaves out a missing unix socket
    and a name that is not resolved.
    """
    if context.connection is None:
        context.is_disconnect = True


def _quiet() -> None:
    """Its lines go where ours go, and nothing is written to the console by itself."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
        log.addFilter(_Noise())
        log.setLevel(logging.WARNING)  # a line for each of its hundred migrations
