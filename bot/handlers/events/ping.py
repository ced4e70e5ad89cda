"""GitHub's first delivery to a new webhook: that it is stored is the answer."""

from __future__ import annotations

from bot.handlers.handler import Handler
from bot.models import Delivery, Job


def jobs(delivery: Delivery) -> list[Job]:
    return []


HANDLER = Handler(name="ping", jobs=jobs, subscribed=False)
