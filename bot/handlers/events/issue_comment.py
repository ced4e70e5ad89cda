"""Comments of the conversation of a pull request: slash commands."""

from __future__ import annotations

from bot.commands.asked import FIELDS, asked
from bot.handlers.handler import Handler, key
from bot.models import Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    """Comments on issues, which GitHub sends here too, command nothing."""
    if delivery.get("issue.pull_request.url") is None:
        return []
    number = delivery.number("issue.number")
    return asked(delivery, number, key=key(delivery, number))


HANDLER = Handler(
    name="issue_comment",
    jobs=jobs,
    fields=(*FIELDS, "issue.number", "issue.pull_request.url"),
)
