"""A merge queue built a group and waits for the checks of its commit."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, Job, MergeGroupRequest


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "checks_requested":
        return []
    request = MergeGroupRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        head_sha=delivery.text("merge_group.head_sha"),
        head_ref=delivery.text("merge_group.head_ref"),
    )
    key = f"{delivery.repo.full_name}@{request.head_sha}"
    return [Job(recipe="merge_group", key=key, request=request)]


HANDLER = Handler(
    name="merge_group", jobs=jobs, fields=("merge_group.head_ref", "merge_group.head_sha")
)
