"""Which jobs the slash commands of one comment ask for."""

from __future__ import annotations

from bot.commands.command import Invocation, commands
from bot.commands.parser import parse_commands
from bot.models import Delivery, Job

FIELDS = (
    "comment.body",
    "comment.created_at",
    "comment.id",
    "comment.user.id",
    "comment.user.login",
    "comment.user.type",
)
"""What a delivery about a comment must hold."""


def asked(delivery: Delivery, number: int, *, key: str, thread: int = 0) -> list[Job]:
    """Only what a person writes anew: an edited comment, or a bot's, commands nothing."""
    if delivery.action != "created" or delivery.get("comment.user.type") == "Bot":
        return []
    jobs: list[Job] = []
    for line in parse_commands(delivery.text("comment.body")):
        invocation = Invocation(
            installation_id=delivery.number("installation.id"),
            repo=delivery.repo,
            number=number,
            login=delivery.text("comment.user.login"),
            comment_id=delivery.number("comment.id"),
            created_at=delivery.text("comment.created_at"),
            words=line.words,
            thread=thread,
            user_id=_number(delivery.get("comment.user.id")),
            key=key,
        )
        command = commands().get(line.name)
        unknown = [invocation.reply("unknown-command", line.name)]
        jobs += command.jobs(invocation) if command else unknown
    return jobs


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
