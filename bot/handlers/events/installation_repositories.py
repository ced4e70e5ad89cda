"""Repositories were added to the installation, or taken from it."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, ForgetRequest, Job, Repo


def jobs(delivery: Delivery) -> list[Job]:
    if delivery.action != "removed":
        return []
    names = delivery.texts("repositories_removed[].full_name")
    request = ForgetRequest(
        installation_id=delivery.number("installation.id"),
        repos=tuple(Repo.parse(name) for name in names),
    )
    return [Job(recipe="forget", key=f"installation {request.installation_id}", request=request)]


HANDLER = Handler(
    name="installation_repositories",
    jobs=jobs,
    fields=("repositories_removed[].full_name",),
    subscribed=False,
)
