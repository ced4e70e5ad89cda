"""A person pressed "re-run" or "Fix" beside our check."""

from __future__ import annotations

from bot.handlers.handler import FIX, Handler, rerun
from bot.models import CHECK_NAME, FIX_ACTION, Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.get("check_run.name") != CHECK_NAME:
        return []
    match delivery.action, delivery.get("requested_action.identifier"):
        case "rerequested", _:
            recipe = "rerun"
        case "requested_action", identifier if identifier == FIX_ACTION:
            recipe = FIX
        case _:
            return []
    return rerun(
        delivery,
        delivery.text("check_run.head_sha"),
        "check_run.pull_requests[].number",
        external_id=str(delivery.get("check_run.external_id") or ""),
        recipe=recipe,
    )


HANDLER = Handler(
    name="check_run",
    jobs=jobs,
    fields=(
        "check_run.external_id",
        "check_run.head_sha",
        "check_run.name",
        "check_run.pull_requests[].number",
        "requested_action.identifier",
    ),
)
