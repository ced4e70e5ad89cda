"""``/harness cancel``: nothing goes on running for this pull request."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_pull("cancel", Permission.WRITE)]


COMMAND = Command(
    name="cancel",
    usage="/harness cancel",
    summary="ends the review or repair that runs or waits here",
    needs=Permission.WRITE,
    jobs=jobs,
)
