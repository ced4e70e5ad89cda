"""What an event handler declares: the event, the fields it reads, and the jobs it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot import registry
from bot.models import Delivery, Job, RerunRequest

COMMON_FIELDS = (
    "installation.id",
    "repository.full_name",
    "sender.id",
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


FIX = "fix"
"""The recipe behind the button that spends money: it must know who pressed it."""


def rerun(
    delivery: Delivery, head_sha: str, numbers: str, external_id: str = "", recipe: str = "rerun"
) -> list[Job]:
    """Somebody pressed a button of a check; ``numbers`` is the path to pull request numbers.

    GitHub names no pull request for a head that lives in a fork.
    """
    named = delivery.get(numbers)
    request = RerunRequest(
        installation_id=delivery.number("installation.id"),
        repo=delivery.repo,
        head_sha=head_sha,
        external_id=external_id,
        numbers=tuple(n for n in named if isinstance(n, int)) if isinstance(named, list) else (),
        presser=delivery.text("sender.login") if recipe == FIX else "",
        presser_id=delivery.number("sender.id") if recipe == FIX else 0,
    )
    return [Job(recipe=recipe, key=f"{delivery.repo.full_name}@{head_sha}", request=request)]
