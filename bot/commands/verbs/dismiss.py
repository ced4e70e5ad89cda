"""``/harness dismiss ID [reason]``: the issue stays away until its code changes."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_issue("dismiss", Permission.WRITE)]


COMMAND = Command(
    name="dismiss",
    usage="/harness dismiss ID [reason]",
    summary="takes an issue out of the verdict until its code changes; in its thread without ID",
    needs=Permission.WRITE,
    jobs=jobs,
)
