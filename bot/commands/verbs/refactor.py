"""``/harness refactor [ids]``: repair the open issues in one commit; all, or the named ones."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission, RefactorRequest


def jobs(invocation: Invocation) -> list[Job]:
    request = RefactorRequest(
        installation_id=invocation.installation_id,
        repo=invocation.repo,
        number=invocation.number,
        asker=invocation.asker(Permission.WRITE),
        issues=invocation.words,
    )
    return [Job(recipe="refactor", key=invocation.key, request=request)]


COMMAND = Command(
    name="refactor",
    usage="/harness refactor [issue ids]",
    summary="repairs the open issues (or those named) and pushes one commit, tested and reviewed",
    needs=Permission.WRITE,
    jobs=jobs,
)
