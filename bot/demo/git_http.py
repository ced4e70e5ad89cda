"""Smart-HTTP git over the real repositories: clone, fetch, push, with GitHub's authority."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict

from aiohttp import web

from bot.demo.credentials import find_token, reaches
from bot.demo.hub import Hub
from bot.demo.permissions import grants
from bot.demo.refusal import Refusal
from bot.demo.state import Repository, Token, User
from bot.process import Child, Command, run, start

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
_SERVICES = {UPLOAD: "read", RECEIVE: "write"}
_PROTOCOL = re.compile(r"version=[0-2](:[a-z0-9=:-]*)?")
LARGEST_PUSH = 256 * 1024 * 1024
LARGEST_REPORT = 16 * 1024 * 1024
PUSH_SECONDS = 600.0
_REALM = {"WWW-Authenticate": 'Basic realm="GitHub"'}
_FRESH = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


class GitHttp:
    """The three addresses that git asks of a repository."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pushing: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request, for tests that count them."""

    def add_routes(self, app: web.Application) -> None:
        place = "/{owner}/{repo}.git"
        app.router.add_get(f"{place}/info/refs", self.refs)
        app.router.add_post(place + "/{service:git-(?:upload|receive)-pack}", self.serve)

    async def refs(self, request: web.Request) -> web.StreamResponse:
        service = request.query.get("service", "")
        if service not in _SERVICES:
            return web.Response(status=403, text="Please upgrade your git client.")
        try:
            repo, _ = self._authorized(request, service)
        except Refusal as refusal:
            return _refused(refusal)
        banner = f"# service={service}\n"
        first = f"{len(banner) + 4:04x}{banner}0000".encode()
        command = self._command(request, repo, service, b"", "--http-backend-info-refs")
        child = await start(command)
        return await _stream(request, child, f"application/x-{service}-advertisement", first)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        service = request.match_info["service"]
        try:
            repo, token = self._authorized(request, service)
            body = await _body(request)
        except Refusal as refusal:
            return _refused(refusal)
        content_type = f"application/x-{service}-result"
        command = self._command(request, repo, service, body)
        if service == UPLOAD:
            return await _stream(request, await start(command), content_type)
        async with self._pushing[repo.id]:
            before = await self._hub.git.branches(repo.path)
            done = await run(command, timeout=PUSH_SECONDS, max_output=LARGEST_REPORT)
            # Before the pusher hears of it: pull requests have moved when `git push` returns.
            await self._hub.branches_moved(repo, before, self._pusher(token))
        return web.Response(body=done.stdout, headers={"Content-Type": content_type, **_FRESH})

    def _pusher(self, token: Token | None) -> User:
        return token.user if token is not None and token.user is not None else self._hub.bot

    def _authorized(self, request: web.Request, service: str) -> tuple[Repository, Token | None]:
        """A private repository does not exist for those who may not see it."""
        self.requests.append((request.method, request.path_qs))
        hub, level = self._hub, _SERVICES[service]
        token = find_token(hub.state, request.headers.get("Authorization", ""), hub.clock)
        info = request.match_info
        repo = hub.state.repository(f"{info['owner']}/{info['repo']}")
        if token is None:
            if repo is not None and not repo.private and level == "read":
                return repo, None
            raise Refusal(401, "Authentication required.", None, _REALM)
        if repo is None or (repo.private and not reaches(token, repo)):
            raise Refusal(404, "Repository not found.")
        if not _may(token, repo, level):
            raise Refusal(403, "Permission to the repository denied.")
        return repo, token

    def _command(
        self, request: web.Request, repo: Repository, service: str, body: bytes, *extra: str
    ) -> Command:
        protocol = request.headers.get("Git-Protocol", "")
        environment = {"GIT_PROTOCOL": protocol} if _PROTOCOL.fullmatch(protocol) else {}
        return Command(
            argv=(
                self._hub.git.program,
                service.removeprefix("git-"),
                "--stateless-rpc",
                *extra,
                str(repo.path),
            ),
            env=self._hub.git.environment(environment),
            stdin=body,
        )


def _may(token: Token, repo: Repository, level: str) -> bool:
    if token.user is not None:
        return repo.allows(token.user.login, level)
    if level == "read" and not repo.private:
        return True
    return reaches(token, repo) and grants(token.permissions, ("contents", level))


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(status=refusal.status, text=refusal.message, headers=refusal.headers)


async def _body(request: web.Request) -> bytes:
    """Bounded; git's process reads it from a file in memory."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_PUSH:
            raise Refusal(413, "The push is too large.")
    return bytes(body)


async def _stream(
    request: web.Request, child: Child, content_type: str, first: bytes = b""
) -> web.StreamResponse:
    """Hand on what git says, as fast as the client takes it."""
    response = web.StreamResponse(headers={"Content-Type": content_type, **_FRESH})
    async with child:
        await response.prepare(request)
        if first:
            await response.write(first)
        try:
            async for chunk in child.chunks():
                await response.write(chunk)
        except ConnectionResetError:
            return response  # git has gone, and nobody waits for the rest
        await child.wait()
    await response.write_eof()
    return response
