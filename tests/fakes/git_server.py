"""A smart-HTTP git server on the loopback: ``git http-backend`` behind aiohttp.

Serves every bare repository below a directory, as ``/<owner>/<name>.git``. It writes down each
request, can ask for a token, and can be told to answer with a status or a redirect instead.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

MAX_BODY = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Seen:
    method: str
    path: str
    query: str
    authorization: str
    answered: int


@dataclass(kw_only=True)
class GitServer:
    root: Path
    token: str | None = None
    status: int | None = None
    """Answer every request with this instead."""
    location: str = ""
    delay: float = 0
    """Seconds before every answer."""
    seen: list[Seen] = field(default_factory=list)
    sent: int = 0
    """Bytes of answers."""
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.delay)
        response = await self._answer(request)
        self.sent += len(response.body) if isinstance(response.body, bytes) else 0
        self.seen.append(
            Seen(
                method=request.method,
                path=request.path,
                query=request.query_string,
                authorization=request.headers.get("Authorization", ""),
                answered=response.status,
            )
        )
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        if self.status is not None:
            headers = {"Location": self.location} if self.location else {}
            return web.Response(status=self.status, headers=headers)
        if self.token is not None and not self._may(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        return await self._backend(request)

    def _may(self, request: web.Request) -> bool:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        login = b64decode(value).decode() if scheme == "Basic" else ""
        return login == f"x-access-token:{self.token}"

    async def _backend(self, request: web.Request) -> web.Response:
        body = await request.read()
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.defpath,
                "HOME": "/nonexistent",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_COUNT": "4",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "GIT_CONFIG_KEY_3": "uploadpack.allowFilter",
                "GIT_CONFIG_VALUE_3": "true",
                "GIT_CONFIG_KEY_1": "uploadpack.allowAnySHA1InWant",
                "GIT_CONFIG_VALUE_1": "true",
                "GIT_CONFIG_KEY_2": "http.receivepack",
                "GIT_CONFIG_VALUE_2": "true",
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": request.method,
                "PATH_INFO": request.path,
                "QUERY_STRING": request.query_string,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "REMOTE_ADDR": "127.0.0.1",
            },
        )
        try:
            output, _ = await process.communicate(body)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        head, _, content = output.partition(b"\r\n\r\n")
        status, headers = 200, {}
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers[name] = value
        return web.Response(status=status, headers=headers, body=content)
