"""The tables. A test keeps them equal to what the migrations build."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from bot.store.types import SafeJson, SafeText, UtcDateTime

REVISION = "0003"
"""The migration that these tables are the result of."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The order of arrival: clocks tie, and ids are random. SQLite counts only an INTEGER key itself.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("id", SafeText, nullable=False, unique=True),
    Column("event", SafeText, nullable=False),
    Column("action", SafeText, nullable=False),
    Column("fields", SafeJson, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("dispatched_at", UtcDateTime),
    Column("jobs", SafeJson),
    Column("error", SafeText),
)
_pending = deliveries.c.dispatched_at.is_(None)
Index(
    "ix_deliveries_pending",
    deliveries.c.seq,
    sqlite_where=_pending,
    postgresql_where=_pending,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("id", SafeText, nullable=False, unique=True),
    Column("job_id", SafeText, nullable=False),
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("head_sha", SafeText, nullable=False),
    Column("base_sha", SafeText, nullable=False),
    Column("trigger", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("conclusion", SafeText, nullable=False),
    Column("title", SafeText, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("approved_by", SafeText, nullable=False),
    Index(None, "repo", "number"),
    Index(None, "repo", "head_sha"),
)

agent_runs = Table(
    "agent_runs",
    metadata,
    Column("run_id", SafeText, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("agent", SafeText, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", SafeText),  # a decimal number; NULL is unknown, never 0
    Column("duration", Float, nullable=False),
    Column("report", SafeJson, nullable=False),
    PrimaryKeyConstraint("run_id", "agent"),
)

issues = Table(
    "issues",
    metadata,
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("id", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("severity", SafeText, nullable=False),
    Column("title", SafeText, nullable=False),
    Column("description", SafeText, nullable=False),
    Column("category", SafeText, nullable=False),
    Column("agents", SafeJson, nullable=False),
    Column("first_run_id", SafeText, nullable=False),
    Column("first_head_sha", SafeText, nullable=False),
    Column("last_run_id", SafeText, nullable=False),
    Column("last_head_sha", SafeText, nullable=False),
    Column("posted", SafeText),  # where it is shown (a Placement); NULL: not posted
    Column("comment_id", BigInteger),
    Column("thread_id", SafeText),
    Column("reason", SafeText),  # why it is in its state; NULL where the state says it all
    PrimaryKeyConstraint("repo", "number", "id"),
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("run_id", SafeText, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("issue_id", SafeText, nullable=False),
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("severity", SafeText, nullable=False),
    Column("title", SafeText, nullable=False),
    Column("description", SafeText, nullable=False),
    Column("category", SafeText, nullable=False),
    Column("file", SafeText, nullable=False),
    Column("line", Integer),
    Column("end_line", Integer),
    Column("side", SafeText, nullable=False),
    Column("code", SafeText, nullable=False),
    Column("confidence", Float),
    Column("suggestion", SafeText, nullable=False),
    Column("replacement", SafeText),
    Column("anchor", SafeJson, nullable=False),
    Column("sources", SafeJson, nullable=False),
    Column("verified", SafeText),  # NULL: nobody was asked
    Column("notes", SafeJson),
    PrimaryKeyConstraint("run_id", "issue_id"),
    ForeignKeyConstraint(
        ["repo", "number", "issue_id"],
        ["issues.repo", "issues.number", "issues.id"],
        ondelete="CASCADE",
    ),
    Index(None, "repo", "number", "issue_id"),
)

issue_events = Table(
    "issue_events",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("issue_id", SafeText, nullable=False),
    Column("act", SafeText, nullable=False),
    Column("before", SafeText),
    Column("after", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", SafeText, nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("commit_sha", SafeText, nullable=False),
    ForeignKeyConstraint(
        ["repo", "number", "issue_id"],
        ["issues.repo", "issues.number", "issues.id"],
        ondelete="CASCADE",
    ),
    Index(None, "repo", "number", "issue_id"),
)

lessons = Table(
    "lessons",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("repo", SafeText, nullable=False),
    Column("key", SafeText, nullable=False),  # the same lesson learnt again is the same row
    Column("kind", SafeText, nullable=False),
    Column("path", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("lesson", SafeJson, nullable=False),
    UniqueConstraint("repo", "key"),
    Index(None, "repo", "at"),
)

costs = Table(
    "costs",
    metadata,
    # No foreign key: what was spent this month stays spent when a repository is forgotten.
    Column("seq", SEQUENCE, primary_key=True),
    Column("run_id", SafeText, nullable=False),
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("agent", SafeText, nullable=False),
    Column("step", SafeText, nullable=False),
    Column("role", SafeText, nullable=False),
    Column("model", SafeText, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_pico", BigInteger),  # 1e-12 US dollars, so that sums are exact; NULL is unknown
    Column("charged_pico", BigInteger, nullable=False),  # what counts against limits
    Column("at", UtcDateTime, nullable=False),
    Index(None, "run_id"),
    Index(None, "repo", "number"),
    Index(None, "at"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("seq", SEQUENCE, primary_key=True),
    Column("run_id", SafeText, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("agent", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("event", SafeJson, nullable=False),
    Index(None, "run_id", "seq"),
    # Else SQLite gives the number of a dropped event to the next one, and whoever reads on after
    # the dropped one never sees it.
    sqlite_autoincrement=True,
)

approvals = Table(
    "approvals",
    metadata,
    Column("repo", SafeText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("head_sha", SafeText, nullable=False),
    Column("approved_by", SafeText, nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("repo", "number", "head_sha"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("key", SafeText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
