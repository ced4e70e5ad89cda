"""One request to the API as its endpoint sees it: who asks, about what, with which body."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from aiohttp import web

from bot.demo import paging
from bot.demo.hub import Hub
from bot.demo.refusal import Refusal, invalid_request, not_found
from bot.demo.shapes import Json
from bot.demo.state import Installation, Pull, Repository, Token, User

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class Call:
    """``repo`` is set on every endpoint below ``/repos/{owner}/{repo}``."""

    hub: Hub
    request: web.Request
    token: Token | None
    found_repo: Repository | None = None
    body: Json = field(default_factory=dict)

    @property
    def repo(self) -> Repository:
        if self.found_repo is None:
            raise not_found()
        return self.found_repo

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    def text(self, name: str) -> str:
        """A parameter of the path."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        value = self.text(name)
        if not value.isascii() or not value.isdigit():
            raise not_found()
        return int(value)

    @property
    def user(self) -> User:
        """Who acts: the App's bot, or a person."""
        if self.token is not None and self.token.user is not None:
            return self.token.user
        return self.hub.bot

    @property
    def by_app(self) -> bool:
        return self.token is not None and self.token.user is None

    @property
    def installation(self) -> Installation:
        number = self.token.installation_id if self.token else None
        found = self.hub.state.installations.get(number or 0)
        if found is None:
            raise not_found()
        return found

    def pull(self, name: str = "pull_number") -> Pull:
        found = self.hub.state.pulls.get((self.repo.id, self.number(name)))
        if found is None:
            raise not_found()
        return found

    def page(self, items: Sequence[T], show: Callable[[T], Json], key: str = "") -> web.Response:
        """A page of a list; ``key`` for those that come as an object with a count."""
        url = self.hub.shapes.api + quote(below_api(self.request))
        shown, headers = paging.page(items, self.query, url)
        data: Any = [show(item) for item in shown]
        if key:
            data = {"total_count": len(items), key: data}
        return answer(data, headers=headers)


Endpoint = Callable[[Call], Awaitable[web.Response]]
Route = tuple[str, str, Endpoint]
"""Method, path below the API as GitHub's documentation writes it, and who answers."""

PREFIX = "/api/v3"


def below_api(request: web.Request) -> str:
    """The decoded path beside the API's base."""
    return request.path.removeprefix(PREFIX)


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(data, status=status, headers=headers)


def nothing() -> web.Response:
    return web.Response(status=204)


def typed(body: Json, name: str, kind: type[T], default: T | None = None) -> T | None:
    """A property of the body; refused if it is of another type (GitHub's check comes first)."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid_request(f"For 'properties/{name}', {value!r} is not of the right type.")
    return value


def needed(body: Json, name: str) -> str:
    value = typed(body, name, str)
    if value is None:
        raise invalid_request(f'Missing required key "{name}".')
    return value


async def read_json(request: web.Request) -> Json:
    """The body as an object; empty for none."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        data = json.loads(raw)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "Problems parsing JSON") from error
    if not isinstance(data, dict):
        raise Refusal(400, "Body should be a JSON object")
    return data
