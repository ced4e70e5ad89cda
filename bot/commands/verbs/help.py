"""``/harness help``: what can be asked, and by whom."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission, ReplyRequest


def jobs(invocation: Invocation) -> list[Job]:
    request = ReplyRequest(
        installation_id=invocation.installation_id,
        repo=invocation.repo,
        number=invocation.number,
        comment_id=invocation.comment_id,
        topic="help",
        login=invocation.login,
    )
    return [Job(recipe="reply", key=f"{invocation.key}/reply", request=request)]


COMMAND = Command(
    name="help",
    usage="/harness help",
    summary="shows this list",
    needs=Permission.NONE,
    jobs=jobs,
)
