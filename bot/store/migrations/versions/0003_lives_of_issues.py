"""What happened to each issue, why it is in its state, and what a repository taught."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("issues", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("occurrences", sa.Column("verified", sa.Text(), nullable=True))
    op.add_column("occurrences", sa.Column("notes", sa.Text(), nullable=True))
    op.create_table(
        "issue_events",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("repo", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("issue_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commit_sha", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo", "number", "issue_id"],
            ["issues.repo", "issues.number", "issues.id"],
            name="fk_issue_events_repo_number_issue_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_issue_events"),
    )
    op.create_index(
        "ix_issue_events_repo_number_issue_id", "issue_events", ["repo", "number", "issue_id"]
    )
    op.create_table(
        "lessons",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("repo", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lesson", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_lessons"),
        sa.UniqueConstraint("repo", "key", name="uq_lessons_repo_key"),
    )
    op.create_index("ix_lessons_repo_at", "lessons", ["repo", "at"])
