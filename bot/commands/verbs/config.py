"""``/harness config``: tells which configuration applies here, and where each value comes from."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_pull("config", Permission.NONE)]


COMMAND = Command(
    name="config",
    usage="/harness config",
    summary="tells which configuration applies here, and where each value comes from",
    needs=Permission.NONE,
    jobs=jobs,
)
