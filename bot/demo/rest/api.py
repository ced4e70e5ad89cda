"""The API as an aiohttp application: routes, authority, limits, ETags, headers, observer."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.demo.credentials import check_app_jwt, find_token, reaches
from bot.demo.graphql import answer_graphql
from bot.demo.hub import Exchange, Hub
from bot.demo.permissions import RULES, Rule, allowed
from bot.demo.refusal import Refusal, bad_credentials, not_found, not_permitted
from bot.demo.rest import apps, checks, comments, pulls, repos, review_comments, reviews
from bot.demo.rest.call import PREFIX, Call, Endpoint, Route, answer, below_api, read_json
from bot.demo.state import Repository, Token

MAX_REQUEST = 10 * 1024 * 1024
_OPEN_ENDED = {"path", "ref", "branch", "basehead"}
"""Parameters that may hold slashes."""

ROUTES: tuple[Route, ...] = (
    *apps.ROUTES, *repos.ROUTES, *pulls.ROUTES, *reviews.ROUTES, *review_comments.ROUTES,
    *comments.ROUTES, *checks.ROUTES,
)  # fmt: skip


def application(hub: Hub) -> web.Application:
    """To be mounted at ``/api``: REST below ``/v3``, GraphQL beside it."""
    app = web.Application(middlewares=[_framed(hub), _refusals], client_max_size=MAX_REQUEST)
    # The longest first: `/commits/{ref}/check-runs` must not be taken for a ref with slashes.
    for method, path, endpoint in sorted(ROUTES, key=lambda route: -len(route[1])):
        app.router.add_route(method, "/v3" + _pattern(path), _guarded(hub, path, endpoint))
    app.router.add_post("/graphql", _graphql(hub))
    return app


def _pattern(path: str) -> str:
    def parameter(match: re.Match[str]) -> str:
        return f"{{{match[1]}:.+}}" if match[1] in _OPEN_ENDED else match[0]

    return re.sub(r"\{(\w+)\}", parameter, path)


def _guarded(hub: Hub, path: str, endpoint: Endpoint) -> Handler:
    """Check who asks and what they may do, then let the endpoint answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        rule = RULES[request.method, path]
        token, repo = _authorized(hub, request, rule)
        body = await read_json(request) if request.method not in ("GET", "HEAD") else {}
        if token is not None and path != "/rate_limit":
            _count(hub)
        call = Call(hub=hub, request=request, token=token, found_repo=repo, body=body)
        response = await endpoint(call)
        if rule.header:
            response.headers["X-Accepted-GitHub-Permissions"] = rule.header
        return response

    return handle


def _authorized(
    hub: Hub, request: web.Request, rule: Rule
) -> tuple[Token | None, Repository | None]:
    header = request.headers.get("Authorization", "")
    repo = _repository(hub, request)
    if rule.app:
        if not header.startswith("Bearer "):
            raise Refusal(401, "A JSON web token could not be decoded")
        check_app_jwt(header.removeprefix("Bearer "), hub.credentials, hub.clock)
        return None, repo
    token = None if rule.anyone else find_token(hub.state, header, hub.clock)
    if token is None:
        if not rule.anyone and (request.method != "GET" or repo is None):
            raise Refusal(401, "Requires authentication")
        if repo is not None and repo.private:
            raise not_found()
        return None, repo
    _permit(token, repo, rule, request.method)
    return token, repo


def _permit(token: Token, repo: Repository | None, rule: Rule, method: str) -> None:
    if repo is not None and not reaches(token, repo):
        # A private repository does not exist for those who may not see it.
        if repo.private:
            raise not_found()
        if method != "GET":
            raise not_permitted()
        return
    if token.user is None:
        if not allowed(token.permissions, rule):
            raise not_permitted()
    elif any(name == "checks" and level == "write" for name, level in rule.any_of):
        raise Refusal(403, "You must authenticate via a GitHub App.")


def _repository(hub: Hub, request: web.Request) -> Repository | None:
    if "repo" not in request.match_info:
        return None
    found = hub.state.repository(f"{request.match_info['owner']}/{request.match_info['repo']}")
    if found is None:
        raise not_found() if request.headers.get("Authorization") else bad_credentials()
    return found


def _count(hub: Hub) -> None:
    hour = hub.clock.now().replace(minute=0, second=0, microsecond=0)
    if hub.rate_window != hour:
        hub.rate_window, hub.requests_made = hour, 0
    if hub.requests_made >= hub.rate_limit:
        raise Refusal(403, "API rate limit exceeded for installation.")
    hub.requests_made += 1


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals become GitHub's JSON."""
    if "User-Agent" not in request.headers:
        return web.Response(
            status=403, text="Request forbidden by administrative rules: no User-Agent header"
        )
    try:
        return await handler(request)
    except Refusal as refused:
        return answer(refused.body, refused.status, refused.headers)
    except web.HTTPRequestEntityTooLarge:
        told = Refusal(413, "Payload Too Large")
    except (web.HTTPMethodNotAllowed, web.HTTPNotFound):
        told = not_found()
    return answer(told.body, told.status)


def _framed(hub: Hub) -> Middleware:
    """Faults, the headers that every answer has, and the observer."""

    @web.middleware
    async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = _shown_path(request)
        fault = hub.faults.strike(request.method, path)
        if fault is not None and not fault.after:
            response: web.StreamResponse | None = None
        else:
            response = await handler(request)
        if fault is not None:
            if fault.status is None:
                _cut(request)
            refusal = Refusal(fault.status or 500, fault.message, None, dict(fault.headers))
            response = answer(refusal.body, refusal.status, refusal.headers)
        if not isinstance(response, web.Response):
            raise web.HTTPInternalServerError
        _dress(hub, request, response)
        shown = _unchanged(request, response)
        await _observe(hub, request, path, shown)
        return shown

    return frame


def _cut(request: web.Request) -> None:
    """The connection breaks; the client never hears an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPInternalServerError


def _shown_path(request: web.Request) -> str:
    """As the client wrote it, beside the API's base."""
    raw = request.rel_url.raw_path
    return raw.removeprefix(PREFIX) if raw.startswith(PREFIX) else raw.removeprefix("/api")


def _dress(hub: Hub, request: web.Request, response: web.Response) -> None:
    now = int(hub.clock.now().timestamp())
    left = max(0, hub.rate_limit - hub.requests_made)
    resource = "graphql" if below_api(request).endswith("/graphql") else "core"
    response.headers.update({
        "X-GitHub-Request-Id": uuid.uuid4().hex[:20].upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-RateLimit-Limit": str(hub.rate_limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Used": str(hub.requests_made),
        "X-RateLimit-Reset": str(now - now % 3600 + 3600),
        "X-RateLimit-Resource": resource,
    })  # fmt: skip


def _unchanged(request: web.Request, response: web.Response) -> web.Response:
    """304 for what the client knows already; that costs nothing of the limit at GitHub either."""
    if request.method != "GET" or response.status != 200 or response.body is None:
        return response
    body = response.body if isinstance(response.body, bytes) else b""
    etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
    response.headers["ETag"] = etag
    if request.headers.get("If-None-Match") != etag:
        return response
    kept = {
        k: v
        for k, v in response.headers.items()
        if k.lower() not in ("content-type", "content-length")
    }
    return web.Response(status=304, headers=kept)


async def _observe(hub: Hub, request: web.Request, path: str, response: web.Response) -> None:
    if hub.observer is None:
        return
    raw = await request.read()
    body = response.body if isinstance(response.body, bytes) else b""
    is_json = response.content_type == "application/json" and response.status not in (204, 304)
    hub.observer(
        Exchange(
            method=request.method,
            path=path,
            query=request.rel_url.raw_query_string,
            request=_decoded(raw),
            status=response.status,
            answer=json.loads(body) if is_json and body else None,
            headers=dict(response.headers),
        )
    )


def _decoded(raw: bytes) -> Any:
    """JSON, or the text that is none."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")


def _graphql(hub: Hub) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        token = find_token(hub.state, request.headers.get("Authorization", ""), hub.clock)
        if token is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        _count(hub)
        return answer(await answer_graphql(hub, token, await read_json(request)))

    return handle


__all__ = ["ROUTES", "application"]
