"""Comments on pull requests: slash commands."""

from __future__ import annotations

from bot.commands.command import Invocation, commands
from bot.commands.parser import parse_commands
from bot.handlers.handler import Handler, key
from bot.models import Delivery, Job, ReplyRequest


def jobs(delivery: Delivery) -> list[Job]:
    """Only what a person writes anew: an edited comment, or a bot's, commands nothing."""
    if delivery.action != "created" or delivery.get("comment.user.type") == "Bot":
        return []
    found = parse_commands(delivery.text("comment.body"))
    if not found or delivery.get("issue.pull_request.url") is None:
        return []
    number = delivery.number("issue.number")
    asked: list[Job] = []
    for line in found:
        invocation = Invocation(
            installation_id=delivery.number("installation.id"),
            repo=delivery.repo,
            number=number,
            login=delivery.text("comment.user.login"),
            comment_id=delivery.number("comment.id"),
            created_at=delivery.text("comment.created_at"),
            words=line.words,
            key=key(delivery, number),
        )
        command = commands().get(line.name)
        asked += command.jobs(invocation) if command else [_unknown(invocation, line.name)]
    return asked


def _unknown(invocation: Invocation, name: str) -> Job:
    request = ReplyRequest(
        installation_id=invocation.installation_id,
        repo=invocation.repo,
        number=invocation.number,
        comment_id=invocation.comment_id,
        topic="unknown-command",
        login=invocation.login,
        detail=name,
    )
    return Job(recipe="reply", key=f"{invocation.key}/reply", request=request)


HANDLER = Handler(
    name="issue_comment",
    jobs=jobs,
    fields=(
        "comment.body",
        "comment.created_at",
        "comment.id",
        "comment.user.login",
        "comment.user.type",
        "issue.number",
        "issue.pull_request.url",
    ),
)
