"""What an event handler declares: the event, the fields it reads, and the jobs it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot import registry
from bot.models import Delivery, Job

COMMON_FIELDS = (
    "installation.id",
    "repository.full_name",
    "sender.login",
    "sender.type",
)
"""Kept of every delivery, so that a log line can always say where it came from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handler:
    """One GitHub event. ``jobs`` is pure: the same delivery always asks for the same jobs."""

    name: str
    """GitHub's name of the event."""
    jobs: Callable[[Delivery], list[Job]]
    fields: tuple[str, ...] = ()
    """Dotted paths into the payload; nothing else of it is kept."""
    subscribed: bool = True
    """False for events that GitHub sends to every App and that cannot be subscribed to."""


def handlers() -> dict[str, Handler]:
    """All handlers by event."""
    return registry.load("bot.handlers.events", "HANDLER", Handler)


def needed_fields(found: dict[str, Handler]) -> tuple[str, ...]:
    """The union of what all handlers declare: what the front door keeps."""
    return tuple(sorted({*COMMON_FIELDS, *(path for h in found.values() for path in h.fields)}))


def key(delivery: Delivery, number: int) -> str:
    """Jobs about one pull request are serial under this key."""
    return f"{delivery.repo.full_name}#{number}"
