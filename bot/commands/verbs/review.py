"""``/harness review [full]``: review this head now; approves an outsider's head."""

from __future__ import annotations

from bot.commands.command import Command, Invocation
from bot.models import Job, Permission, ReviewRequest, Trigger


def jobs(invocation: Invocation) -> list[Job]:
    request = ReviewRequest(
        installation_id=invocation.installation_id,
        repo=invocation.repo,
        number=invocation.number,
        trigger=Trigger.COMMAND,
        asker=invocation.asker(Permission.WRITE),
        full="full" in invocation.words,
    )
    # It supersedes nothing here: whether the asker may end a running review is not known yet.
    return [Job(recipe="review", key=invocation.key, request=request)]


COMMAND = Command(
    name="review",
    usage="/harness review [full]",
    summary="reviews this head now; for a pull request from outside it also approves the head",
    needs=Permission.WRITE,
    jobs=jobs,
)
