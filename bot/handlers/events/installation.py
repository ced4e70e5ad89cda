"""The App was installed, suspended or removed."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, ForgetRequest, Job, Repo


def jobs(delivery: Delivery) -> list[Job]:
    """Only removal asks for work: what was mirrored must go."""
    if delivery.action != "deleted":
        return []
    repos = tuple(Repo.parse(name) for name in delivery.texts("repositories[].full_name"))
    request = ForgetRequest(installation_id=delivery.number("installation.id"), repos=repos)
    return [Job(recipe="forget", key=f"installation {request.installation_id}", request=request)]


HANDLER = Handler(
    name="installation", jobs=jobs, fields=("repositories[].full_name",), subscribed=False
)
