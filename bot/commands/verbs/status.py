"""``/harness status``: tells how this pull request stands."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_pull("status", Permission.NONE)]


COMMAND = Command(
    name="status",
    usage="/harness status",
    summary="tells how this pull request stands: the newest run, open issues, cost",
    needs=Permission.NONE,
    jobs=jobs,
)
