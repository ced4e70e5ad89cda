"""Threads that people resolve by hand, or open again."""

from __future__ import annotations

from bot.handlers.handler import Handler, key
from bot.models import Delivery, Job, ThreadRequest


def jobs(delivery: Delivery) -> list[Job]:
    """What a bot does with a thread, harness itself among them, is nobody's word."""
    comments = delivery.get("thread.comments[].id")
    wanted = delivery.action in ("resolved", "unresolved")
    if not wanted or delivery.get("sender.type") == "Bot" or not isinstance(comments, list):
        return []
    first = next((n for n in comments if isinstance(n, int)), None)
    if first is None:
        return []
    number = delivery.number("pull_request.number")
    request = ThreadRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        number=number,
        comment_id=first,
        login=delivery.text("sender.login"),
        resolved=delivery.action == "resolved",
    )
    return [Job(recipe="thread", key=f"{key(delivery, number)}/reply", request=request)]


HANDLER = Handler(
    name="pull_request_review_thread",
    jobs=jobs,
    fields=("pull_request.number", "thread.comments[].id"),
)
