"""``/harness help``: what can be asked, and by whom."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.reply("help")]


COMMAND = Command(
    name="help",
    usage="/harness help",
    summary="shows this list",
    needs=Permission.NONE,
    jobs=jobs,
)
