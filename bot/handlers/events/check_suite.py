"""A person pressed "re-run all checks"."""

from __future__ import annotations

from bot.handlers.handler import Handler, rerun
from bot.models import Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "rerequested":
        return []
    head_sha = delivery.text("check_suite.head_sha")
    return rerun(delivery, head_sha, "check_suite.pull_requests[].number")


HANDLER = Handler(
    name="check_suite",
    jobs=jobs,
    fields=("check_suite.head_sha", "check_suite.pull_requests[].number"),
)
