"""Resolving review threads: what needs ``contents: write``, and the one client that holds it.

Such a token could push. So nothing but the two mutations can be sent with it, and an installation
that does not give it is not asked again for every thread.
"""

from __future__ import annotations

from typing import Any, Final

from cachetools import TTLCache

from bot.clock import Clock
from bot.github.client import GitHubClient
from bot.github.documents import RESOLVE, UNRESOLVE
from bot.models.github import Repo

REMEMBERED: Final = 15 * 60
"""Seconds until a refused installation is asked once more: its owner may have agreed by then."""
Place = tuple[int, Repo]
"""An installation and one of its repositories."""


class Refusals:
    """Where GitHub said of late that threads are not ours to resolve."""

    def __init__(self, clock: Clock) -> None:
        self._places: TTLCache[Place, bool] = TTLCache(
            10_000, REMEMBERED, timer=lambda: clock.now().timestamp()
        )

    def add(self, place: Place) -> None:
        self._places[place] = True

    def __contains__(self, place: Place) -> bool:
        return place in self._places


class Settling:
    """Two mutations for one repository, with a token of their own."""

    def __init__(self, api: GitHubClient, place: Place, refusals: Refusals) -> None:
        self._api = api
        self._place = place
        self._refusals = refusals

    @property
    def refused(self) -> bool:
        """GitHub has said no not long ago."""
        return self._place in self._refusals

    def remember_refusal(self) -> None:
        self._refusals.add(self._place)

    async def resolve(self, thread_id: str) -> dict[str, Any]:
        return await self._api.query(RESOLVE, thread=thread_id)

    async def unresolve(self, thread_id: str) -> dict[str, Any]:
        return await self._api.query(UNRESOLVE, thread=thread_id)
