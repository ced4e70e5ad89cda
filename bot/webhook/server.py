"""The one port: deliveries past the router, everything else to the pages."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from bot.errors import ConfigurationError
from bot.webhook.guarded import GuardedConnection, GuardedServer
from bot.webhook.receiver import MAX_BODY, TOO_LARGE, TRUNCATED, WRONG_METHOD, Answer, Receiver

PATH = "/webhook"
LIMIT_SECONDS = 10.0
"""GitHub gives up after 10 seconds: nobody waits for the rest of a slower request."""

MAX_CONNECTIONS = 2_000
KEEP_ALIVE_SECONDS = 75.0
LINGER_SECONDS = 1.0
"""How long a refused body is read and dropped, so that its sender gets to see the answer."""

STOP_SECONDS = 5.0

BROKEN = (ConnectionError, web.RequestPayloadError)
"""The client went away, or its chunks make no sense."""


class FrontDoor:
    """Listens from `start` to `stop`."""

    def __init__(
        self,
        receiver: Receiver,
        pages: web.Application,
        *,
        limit: float = LIMIT_SECONDS,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.limit = limit
        self._receiver = receiver
        self._max_connections = max_connections
        self._pages = web.AppRunner(pages, access_log=None)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """The port it listens on (``port`` 0 takes a free one)."""
        self._runner = await self.runner()
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, backlog=1024).start()
        except OSError as error:
            await self.stop()
            raise ConfigurationError(
                f"HARNESS_HOST, HARNESS_PORT: cannot listen on {host}:{port}: {error.strerror}"
            ) from error
        return int(self._runner.addresses[0][1])

    async def runner(self) -> web.ServerRunner:
        """The server without an address; `start` gives it one, and so do tests."""
        await self._pages.setup()
        entrance = _Entrance(self._receiver, cast("web.Server", self._pages.server))
        server = GuardedServer(
            entrance.handle,
            request_factory=entrance.make_request,
            limit=self.limit,
            max_connections=self._max_connections,
            access_log=None,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            # The signature is over the bytes as sent; and what inflates is no delivery.
            auto_decompress=False,
        )
        return web.ServerRunner(server, shutdown_timeout=STOP_SECONDS)

    async def stop(self) -> None:
        """Refuse new connections, let running requests end, close the pages."""
        if self._runner is not None:
            await self._pages.shutdown()  # streams of events would hold it up
            await self._runner.cleanup()
            self._runner = None
        await self._pages.cleanup()


class _Entrance:
    """Where requests part: one path is the receiver's, the others are the pages'."""

    def __init__(self, receiver: Receiver, pages: web.Server) -> None:
        self._receiver = receiver
        self._pages = pages
        self._loop = asyncio.get_running_loop()

    def make_request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        if message.path.partition("?")[0] == PATH:
            return web.BaseRequest(message, payload, protocol, writer, task, self._loop)
        return self._pages.request_factory(message, payload, protocol, writer, task)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = cast("GuardedConnection", request.protocol)
        try:
            if isinstance(request, web.Request):
                return await self._page(request, connection)
            return _response(await self._delivery(request, connection))
        finally:
            connection.answered(complete=request.content.is_eof())

    async def _page(
        self, request: web.Request, connection: GuardedConnection
    ) -> web.StreamResponse:
        try:
            await request.read()  # kept by the request; `HTTPRequestEntityTooLarge` above 1 MiB
        except BROKEN:
            raise web.HTTPBadRequest(text="the request is incomplete\n") from None
        connection.complete()
        return await self._pages.request_handler(request)

    async def _delivery(self, request: web.BaseRequest, connection: GuardedConnection) -> Answer:
        if request.method != "POST":
            return WRONG_METHOD
        if (request.content_length or 0) > MAX_BODY:
            return self._receiver.refuse(TOO_LARGE)
        if "Expect" in request.headers:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            body = await _read(request.content)
        except BROKEN:
            return self._receiver.refuse(TRUNCATED)
        if body is None:
            return self._receiver.refuse(TOO_LARGE)
        connection.complete()
        return await self._receiver.receive(request.headers, body)


async def _read(content: StreamReader) -> bytes | None:
    """The whole body, or None as soon as it is too large."""
    first = await content.readany()
    if content.at_eof():
        return first
    chunks, size = [first], len(first)
    while chunk := await content.readany():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, text=answer.text)
    if answer.retry_after:
        response.headers["Retry-After"] = str(int(answer.retry_after))
    if answer.status == TOO_LARGE.status:
        response.force_close()
    if answer.status == WRONG_METHOD.status:
        response.headers["Allow"] = "POST"
    return response
