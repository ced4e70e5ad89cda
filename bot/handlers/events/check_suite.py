"""A person pressed "re-run all checks"."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, Job, RerunRequest


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "rerequested":
        return []
    numbers = delivery.get("check_suite.pull_requests[].number")
    request = RerunRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        head_sha=delivery.text("check_suite.head_sha"),
        numbers=tuple(n for n in numbers if isinstance(n, int))
        if isinstance(numbers, list)
        else (),
    )
    return [
        Job(recipe="rerun", key=f"{delivery.repo.full_name}@{request.head_sha}", request=request)
    ]


HANDLER = Handler(
    name="check_suite",
    jobs=jobs,
    fields=("check_suite.head_sha", "check_suite.pull_requests[].number"),
)
