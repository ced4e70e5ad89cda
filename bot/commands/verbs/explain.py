"""``/harness explain ID``: every agent's words about an issue, what speaks for it, its history."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_issue("explain", Permission.NONE)]


COMMAND = Command(
    name="explain",
    usage="/harness explain ID",
    summary="tells everything that is known of an issue; in its thread without ID",
    needs=Permission.NONE,
    jobs=jobs,
)
