"""Where GitHub's API is, and which URLs belong to it.

A token is sent to nothing else: not to where a ``Link`` or ``Location`` header points, and not to
github.com when the API is an Enterprise Server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

import httpx

from bot.errors import ConfigurationError, GitHubError

_ENTERPRISE = "/api/v3"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiAddress:
    """The REST base without a slash at its end, and the GraphQL endpoint."""

    rest: str
    graphql: str

    @classmethod
    def parse(cls, base: str) -> ApiAddress:
        """GraphQL is at ``/graphql`` beside REST, or at ``/api/graphql`` for ``/api/v3``."""
        rest = base.rstrip("/")
        try:
            url = httpx.URL(rest)
        except httpx.InvalidURL as error:
            raise ConfigurationError(
                f"HARNESS_GITHUB_API_URL is not an address: {error}"
            ) from error
        if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.query:
            raise ConfigurationError(
                "HARNESS_GITHUB_API_URL must be like https://api.github.com or"
                " https://HOST/api/v3, without user, password or query"
            )
        graphql = (
            rest.removesuffix(_ENTERPRISE) + "/api/graphql"
            if rest.endswith(_ENTERPRISE)
            else f"{rest}/graphql"
        )
        return cls(rest=rest, graphql=graphql)

    def owned(self, url: str) -> httpx.URL:
        """``url`` as it will be sent; refused unless it lies inside the API.

        httpx reads the URL here as it will when it sends, so the two cannot disagree about the
        host.
        """
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise GitHubError(f"not an address: {error}") from error
        if not self._holds(target):
            shown = target.copy_with(query=None, fragment=None, userinfo=b"")
            raise GitHubError(f"refused to send to {shown}: it is not part of {self.rest}")
        return target

    def _holds(self, target: httpx.URL) -> bool:
        base = httpx.URL(self.rest)
        here = (target.scheme, target.host, target.port) == (base.scheme, base.host, base.port)
        path = _path(target)
        climbs = any(unquote(step) in ("..", ".") for step in path.split("/"))
        if not here or target.userinfo or climbs or "\\" in path:
            return False
        return path.startswith(_path(base).rstrip("/") + "/") or path == _path(
            httpx.URL(self.graphql)
        )


def _path(url: httpx.URL) -> str:
    """As it travels: a quoted slash is no step."""
    return url.raw_path.decode("ascii").partition("?")[0]
