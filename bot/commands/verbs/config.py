"""``/harness config``: the rules that apply to this pull request, and who made each."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission


def jobs(invocation: Invocation) -> list[Job]:
    return [invocation.about_pull("config", Permission.NONE)]


COMMAND = Command(
    name="config",
    usage="/harness config",
    summary="shows the rules that apply to this pull request, and where each comes from",
    needs=Permission.NONE,
    jobs=jobs,
)
