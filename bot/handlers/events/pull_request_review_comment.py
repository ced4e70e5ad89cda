"""Answers in the threads of a pull request: slash commands, answered there."""

from __future__ import annotations

from bot.commands.asked import FIELDS, asked
from bot.handlers.handler import Handler, key
from bot.models import Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    """A thread is known by its first comment."""
    number = delivery.number("pull_request.number")
    first = delivery.get("comment.in_reply_to_id")
    thread = first if isinstance(first, int) else delivery.number("comment.id")
    return asked(delivery, number, key=key(delivery, number), thread=thread)


HANDLER = Handler(
    name="pull_request_review_comment",
    jobs=jobs,
    fields=(*FIELDS, "comment.in_reply_to_id", "pull_request.number"),
)
