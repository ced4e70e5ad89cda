"""Dropping what is known of a repository that the App lost."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from bot.models import Repo
from bot.store.tables import approvals, issues, lessons, runs


def forget(connection: Connection, repo: Repo) -> None:
    """Runs and issues with all that hangs on them, approvals and lessons. Deliveries age out."""
    for table in (runs, issues, approvals, lessons):
        connection.execute(delete(table).where(table.c.repo == repo.full_name))
