"""Comments on pull requests: slash commands."""

from __future__ import annotations

from bot.commands.command import Invocation, commands
from bot.commands.parser import parse_commands
from bot.handlers.handler import Handler, key
from bot.models import Delivery, Job


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
        unknown = [invocation.reply("unknown-command", line.name)]
        asked += command.jobs(invocation) if command else unknown
    return asked


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
