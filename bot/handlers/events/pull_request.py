"""Pull requests: review what is new, end what is over."""

from __future__ import annotations

from bot.handlers.handler import Handler, key
from bot.models import CloseRequest, Delivery, Job, ReviewRequest, Trigger

TRIGGERS = {
    "opened": Trigger.OPENED,
    "reopened": Trigger.OPENED,
    "synchronize": Trigger.PUSH,
    "ready_for_review": Trigger.READY,
    "edited": Trigger.BASE_CHANGED,
}


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action == "closed":
        return [_close(delivery)]
    trigger = TRIGGERS.get(delivery.action)
    if trigger is None or (trigger is Trigger.BASE_CHANGED and not _base_changed(delivery)):
        return []
    number = delivery.number("pull_request.number")
    request = ReviewRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        number=number,
        trigger=trigger,
        head_sha=delivery.text("pull_request.head.sha"),
    )
    return [Job(recipe="review", key=key(delivery, number), request=request, supersedes=True)]


def _base_changed(delivery: Delivery) -> bool:
    """Title and body are edited often; only another base makes another diff."""
    return delivery.get("changes.base.ref.from") is not None


def _close(delivery: Delivery) -> Job:
    number = delivery.number("pull_request.number")
    request = CloseRequest(
        installation_id=delivery.number("installation.id"), repo=delivery.repo, number=number
    )
    return Job(recipe="close", key=key(delivery, number), request=request, cancels=True)


HANDLER = Handler(
    name="pull_request",
    jobs=jobs,
    fields=("pull_request.number", "pull_request.head.sha", "changes.base.ref.from"),
)
