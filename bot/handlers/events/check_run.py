"""A person pressed "re-run" beside our check."""

from __future__ import annotations

from bot.handlers.handler import Handler, rerun
from bot.models import CHECK_NAME, Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "rerequested" or delivery.get("check_run.name") != CHECK_NAME:
        return []
    return rerun(
        delivery,
        delivery.text("check_run.head_sha"),
        "check_run.pull_requests[].number",
        external_id=str(delivery.get("check_run.external_id") or ""),
    )


HANDLER = Handler(
    name="check_run",
    jobs=jobs,
    fields=(
        "check_run.external_id",
        "check_run.head_sha",
        "check_run.name",
        "check_run.pull_requests[].number",
    ),
)
