"""Opens the way out of one fence: the server on our side, and where the process finds it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.sandbox.connect import MAX_HEAD, ConnectProxy
from bot.sandbox.gateway import serving
from bot.sandbox.identity import Identity
from bot.sandbox.uplink import ADDRESS, AllowList, Uplink

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """``socket`` for a process with a network of its own, else a port of this machine."""

    socket: Path | None = None
    port: int = 0

    def text(self, text: str) -> str:
        """What names the fixed address names the real one."""
        return text.replace(ADDRESS, f"http://{_LOOPBACK}:{self.port}") if self.port else text


@asynccontextmanager
async def opened(uplink: Uplink, user: Identity | None, *, fenced: bool) -> AsyncIterator[Route]:
    """The server runs while inside. Only ``user`` (and root) can reach its socket."""
    async with AsyncExitStack() as stack:
        path = stack.enter_context(_place(user)) / "s" if fenced else None
        if isinstance(uplink, AllowList):
            port = await _listen(stack, ConnectProxy(uplink), path)
        else:
            runner = await stack.enter_async_context(serving(uplink))
            site = web.UnixSite(runner, str(path)) if path else web.TCPSite(runner, _LOOPBACK, 0)
            await site.start()
            port = 0 if path else int(runner.addresses[0][1])
        if path is not None:
            path.chmod(0o600)
            if user is not None:
                os.chown(path, user.uid, user.gid)
        yield Route(socket=path, port=port)


async def _listen(stack: AsyncExitStack, proxy: ConnectProxy, path: Path | None) -> int:
    if path is not None:
        server = await asyncio.start_unix_server(proxy.serve, path, limit=MAX_HEAD)
    else:
        server = await asyncio.start_server(proxy.serve, _LOOPBACK, 0, limit=MAX_HEAD)
    stack.push_async_callback(proxy.close)
    stack.callback(server.close)
    return 0 if path is not None else int(server.sockets[0].getsockname()[1])


@contextmanager
def _place(user: Identity | None) -> Iterator[Path]:
    """A short path: a socket's name has room for a hundred characters."""
    path = Path(tempfile.mkdtemp(prefix="harness-up-"))
    try:
        if user is not None:
            os.chown(path, user.uid, user.gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
