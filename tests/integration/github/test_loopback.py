"""The client over real sockets: lost connections, another origin, a compressed answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bot.clock import SystemClock
from bot.errors import GitHubError, TryLater
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models.github import Repo

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
COMMENTS = "/api/v3/repos/octo/demo/issues/5/comments"
COMMENT = {"id": 1, "body": "hello", "created_at": "2026-01-02T03:04:05Z", "user": {"login": "ann"}}


class Server:
    """GitHub's tokens, and whatever a test puts under `COMMENTS`."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.handler: Handler | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if request.path == "/api/v3/app":
            return web.json_response({"slug": "harness-app"})
        if request.path.endswith("/access_tokens"):
            ends = SystemClock().now() + timedelta(hours=1)
            answer = {"token": "t1", "expires_at": ends.isoformat()}
            return web.json_response(answer, status=201)
        assert self.handler is not None
        return await self.handler(request)


async def _serve(server: Server) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    running = TestServer(app)
    await running.start_server()
    return running


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[RepoClient]:
    running = await _serve(server)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    async with httpx.AsyncClient(timeout=5) as http:
        app = GitHubApp("1", pem, str(running.make_url("/api/v3")), http, SystemClock())
        yield await app.client(7, Repo(owner="octo", name="demo"))
    await running.close()


def _tries(server: Server) -> int:
    return sum(request.path == COMMENTS for request in server.seen)


async def test_a_connection_cut_once_is_no_failure(client: RepoClient, server: Server) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if _tries(server) == 1:
            assert request.transport is not None
            request.transport.abort()
        answer = web.json_response([COMMENT])
        answer.enable_compression()
        return answer

    server.handler = handler
    assert [comment.body for comment in await client.issue_comments(5)] == ["hello"]
    assert _tries(server) == 2


async def test_an_answer_cut_in_the_middle_is_for_later(client: RepoClient, server: Server) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"id": 1')
        assert request.transport is not None
        request.transport.close()
        return answer

    server.handler = handler
    with pytest.raises(TryLater, match=r"127\.0\.0\.1"):
        await client.create_issue_comment(5, "hello")
    assert _tries(server) == 1


async def test_nothing_is_sent_to_another_port(client: RepoClient, server: Server) -> None:
    stranger = Server()
    elsewhere = await _serve(stranger)

    async def handler(_request: web.Request) -> web.StreamResponse:
        away = str(elsewhere.make_url(COMMENTS))
        return web.json_response([COMMENT], headers={"Link": f'<{away}>; rel="next"'})

    server.handler = handler
    with pytest.raises(GitHubError, match="refused to send"):
        await client.issue_comments(5)
    await elsewhere.close()
    assert stranger.seen == []
