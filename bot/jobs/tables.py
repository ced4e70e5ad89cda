"""The port's own two tables, and the columns of the engine's job table that it reads.

``workflow_status`` is DBOS's: it offers no query by key, no counts and no heartbeat. Its columns
are named here and nowhere else, and the contract suite runs every query on both databases.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, MetaData, String, Table, TableClause, Text, column, table

metadata = MetaData()

executors = Table(
    "engine_executors",
    metadata,
    Column("executor_id", Text, primary_key=True),
    Column("instance", Text, nullable=False),
    Column("beat_at", Double, nullable=False),
)
"""Processes that live. ``instance`` tells two processes of one slot apart."""

keys = Table(
    "engine_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("executor_id", Text, nullable=False),
)
"""Whose recipe's code runs for a key, until it has really stopped."""


def jobs_table(*, is_sqlite: bool) -> TableClause:
    """The engine's jobs."""
    names = (
        "workflow_uuid", "name", "status", "queue_name", "queue_partition_key", "created_at",
        "executor_id",
    )  # fmt: skip
    columns = [column(name, String()) for name in names]
    return table("workflow_status", *columns, schema=None if is_sqlite else "dbos")
