"""Dropping what is known of a repository that the App lost."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from bot.models import Repo
from bot.store.tables import approvals, issues, runs


def forget(connection: Connection, repo: Repo) -> None:
    """Runs (with reports and occurrences), issues and approvals. Deliveries age out."""
    for table in (runs, issues, approvals):
        connection.execute(delete(table).where(table.c.repo == repo.full_name))
