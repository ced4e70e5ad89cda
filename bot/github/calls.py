"""The verbs that every topic of a repository's API is written with."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from bot.errors import AccessLost, GitHubError
from bot.github.client import GitHubClient
from bot.github.links import repo_path
from bot.github.pagination import PER_PAGE, collect
from bot.github.settling import Settling
from bot.models.github import Repo

T = TypeVar("T")


class Calls:
    """Calls about one repository, as the App's installation there."""

    def __init__(
        self,
        api: GitHubClient,
        repo: Repo,
        login: str,
        *,
        settling: Settling | None = None,
    ) -> None:
        self.repo = repo
        self.login = login
        """Our own login (``slug[bot]``): who wrote what we wrote."""
        self._api = api
        self._settling = settling

    async def _get(self, *parts: str | int, **query: str | int) -> Any:
        return await self._told(self._api.getitem(repo_path(self.repo, *parts, **query)))

    async def _all(self, *parts: str | int, key: str = "", **query: str | int) -> list[Any]:
        path = repo_path(self.repo, *parts, **query, per_page=PER_PAGE)
        return await self._told(collect(self._api, path, key=key))

    async def _post(self, *parts: str | int, data: dict[str, Any]) -> Any:
        return await self._told(self._api.post(repo_path(self.repo, *parts), data=sendable(data)))

    async def _patch(self, *parts: str | int, data: dict[str, Any]) -> Any:
        return await self._told(self._api.patch(repo_path(self.repo, *parts), data=sendable(data)))

    async def _query(self, document: str, **variables: Any) -> dict[str, Any]:
        return await self._told(self._api.query(document, **variables))

    async def _told(self, call: Awaitable[T]) -> T:
        """GitHub says 404 for a thing that is gone and for a repository it hides: find out."""
        try:
            return await call
        except GitHubError as error:
            if error.status == 404:
                await self._check_access()
            raise

    async def _check_access(self) -> None:
        try:
            await self._api.getitem(repo_path(self.repo))
        except GitHubError as error:
            if error.status != 404:
                raise
            self._api.credentials.lost()
            raise AccessLost(f"the App no longer reaches {self.repo.full_name}") from error


def sendable(value: Any) -> Any:
    """Without lone surrogates: GitHub refuses a whole request over one in a file's name."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: sendable(item) for key, item in value.items()}
    return [sendable(item) for item in value] if isinstance(value, list) else value
