"""``/harness status``: how the newest commit stands, what is open, what runs, what it cost."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_pull("status", Permission.NONE)]


COMMAND = Command(
    name="status",
    usage="/harness status",
    summary="tells how the newest commit stands, what is open, what runs now, and what it cost",
    needs=Permission.NONE,
    jobs=jobs,
)
