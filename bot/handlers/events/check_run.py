"""A person pressed "re-run" beside our check."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, Job, RerunRequest

CHECK_NAME = "harness"


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "rerequested" or delivery.get("check_run.name") != CHECK_NAME:
        return []
    numbers = delivery.get("check_run.pull_requests[].number")
    request = RerunRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        head_sha=delivery.text("check_run.head_sha"),
        external_id=str(delivery.get("check_run.external_id") or ""),
        # GitHub names no pull request for a head that lives in a fork.
        numbers=tuple(n for n in numbers if isinstance(n, int))
        if isinstance(numbers, list)
        else (),
    )
    return [
        Job(recipe="rerun", key=f"{delivery.repo.full_name}@{request.head_sha}", request=request)
    ]


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
