"""Installation tokens: as narrow as the work, shared while they last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TLRUCache
from typing_extensions import override

from bot.clock import Clock
from bot.models.github import Repo

MARGIN = timedelta(minutes=5)
"""A token this close to its end is not handed out: a request may take as long."""

REVIEW: Mapping[str, str] = {
    "checks": "write",
    "contents": "read",
    "issues": "write",  # reactions to comments; the comments themselves need pull_requests
    "metadata": "read",
    "pull_requests": "write",
}
SETTLE: Mapping[str, str] = {
    "contents": "write",  # GitHub demands it of an App that resolves a thread
    "metadata": "read",
    "pull_requests": "write",
}
"""To resolve and unresolve review threads, and for nothing else; `bot.github.settling` has it."""
PUSH: Mapping[str, str] = {"contents": "write", "metadata": "read"}
"""To push one commit with git, and for nothing else."""
READ: Mapping[str, str] = {"contents": "read", "metadata": "read"}
"""To fetch with git."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenKey:
    """What a token is for; one repository, and nothing that is not named."""

    installation_id: int
    repo: Repo
    permissions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, installation_id: int, repo: Repo, permissions: Mapping[str, str]) -> TokenKey:
        return cls(
            installation_id=installation_id,
            repo=repo,
            permissions=tuple(sorted(permissions.items())),
        )

    @property
    def settles(self) -> bool:
        return self.permissions == tuple(sorted(SETTLE.items()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    value: str
    expires_at: datetime

    @override
    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at!r})"


class Tokens:
    """Cached until shortly before they expire; who asks at the same time shares one request."""

    def __init__(self, mint: Callable[[TokenKey], Awaitable[Token]], clock: Clock) -> None:
        self._mint = mint
        self._cache: TLRUCache[TokenKey, Token] = TLRUCache(
            10_000,
            ttu=lambda _key, token, _now: (token.expires_at - MARGIN).timestamp(),
            timer=lambda: clock.now().timestamp(),
        )
        self._minting: dict[TokenKey, asyncio.Task[Token]] = {}

    async def get(self, key: TokenKey) -> str:
        token = self._cache.get(key)
        if token is None:
            token = await self._shared(key)
        return token.value

    def drop(self, key: TokenKey, value: str) -> None:
        """Forget this token, unless it has been replaced already."""
        cached = self._cache.get(key)
        if cached is not None and cached.value == value:
            self._cache.pop(key, None)

    def drop_key(self, key: TokenKey) -> None:
        self._cache.pop(key, None)

    def drop_repo(self, installation_id: int, repo: Repo) -> None:
        self._drop_all(lambda k: k.installation_id == installation_id and k.repo == repo)

    def drop_installation(self, installation_id: int) -> None:
        self._drop_all(lambda key: key.installation_id == installation_id)

    def _drop_all(self, matches: Callable[[TokenKey], bool]) -> None:
        for key in [key for key in self._cache if matches(key)]:
            self._cache.pop(key, None)

    async def _shared(self, key: TokenKey) -> Token:
        """A task of its own: a caller that is cancelled takes nobody else's token away."""
        task = self._minting.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._minted(key))
            self._minting[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)

    async def _minted(self, key: TokenKey) -> Token:
        token = await self._mint(key)
        self._cache[key] = token
        return token

    def _done(self, key: TokenKey, task: asyncio.Task[Token]) -> None:
        self._minting.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen: everybody who waited has been told
