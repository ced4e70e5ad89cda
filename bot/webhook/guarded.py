"""aiohttp's connections with what they lack: a deadline for slow clients, and a cap.

aiohttp waits for the rest of a request as long as the client likes. Here a request must be
complete within a limit from its first byte on; a new connection must begin one within the same.
How long the answer takes is not limited, and an idle kept-alive connection is left alone.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from typing_extensions import override

from bot.log import logger

_log = logger(__name__)


class GuardedServer(web.Server):
    """Makes guarded connections."""

    def __init__(self, handler: Any, *, limit: float, max_connections: int, **options: Any) -> None:
        factory = options.pop("request_factory", None)
        super().__init__(handler, request_factory=factory, **options)
        self._options = options
        self.limit = limit
        self.max_connections = max_connections
        self.open_connections = 0

    @override
    def __call__(self) -> GuardedConnection:
        return GuardedConnection(self, loop=asyncio.get_running_loop(), **self._options)


class GuardedConnection(web.RequestHandler):
    """One connection. The server says when a request is complete and when it was answered."""

    __slots__ = ("_answering", "_counted", "_deadline", "_more", "_server", "_timer")

    def __init__(self, server: GuardedServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._counted = False
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answering = False
        self._more = False
        """Bytes of a next request came while this one was being answered."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server.open_connections += 1
        self._counted = True
        if self._server.open_connections > self._server.max_connections:
            _log.warning("front_door.full", connections=self._server.max_connections)
            self._cut()
            return
        self._await_request()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        if self._counted:
            self._counted = False
            self._server.open_connections -= 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._answering:
            self._more = True
        elif self._deadline is None and data:
            self._await_request()
        super().data_received(data)

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        # aiohttp logs a traceback for every byte of garbage that anybody sends to the port.
        response = web.Response(status=status, text="this is not a request\n")
        response.force_close()
        return response

    def complete(self) -> None:
        """The whole request is here: take all the time the answer needs."""
        self._deadline = None
        self._answering = True

    def answered(self, *, complete: bool) -> None:
        """Wait for the next request, or for the rest of one that was answered early."""
        self._answering = False
        if complete:
            self._deadline = None
        if self._more:
            self._more = False
            self._await_request()

    def _await_request(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + self._server.limit
        # One timer for a connection, not one for each request: it looks again when it fires.
        if self._timer is None:
            self._timer = loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._deadline:
            self._timer = loop.call_at(self._deadline, self._look)
            return
        _log.info("front_door.slow_client_cut", seconds=self._server.limit)
        self._cut()

    def _cut(self) -> None:
        # Not close(): that would wait until a client that reads nothing has read everything.
        if self.transport is not None:
            self.transport.abort()
