"""A proxy that does one thing: ``CONNECT`` to the hosts of an allow-list.

For programs that call a model by themselves, with their own key: the operator names the host, and
no other can be reached. Where a name leads is looked up on our side; a public name that leads to
this machine or its private networks is refused, because whoever owns the name could point it there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from contextlib import suppress

from bot.guard import guard
from bot.log import logger
from bot.sandbox.uplink import AllowList

MAX_HEAD = 16 * 1024
HEAD_SECONDS = 10.0
CONNECT_SECONDS = 20.0
MAX_TUNNELS = 64
PIECE = 65536

_CONNECT = re.compile(r"CONNECT ([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5}) HTTP/1\.[01]")
_PRIVATE_NAMES = frozenset({"localhost"})

_log = logger(__name__)


class ConnectProxy:
    """Serves the connections of one fenced process."""

    def __init__(self, allowed: AllowList) -> None:
        self._hosts = frozenset((host.lower(), port) for host, port in allowed.hosts)
        self._tunnels: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first byte to its last."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tunnels.add(task)
        try:
            await guard("sandbox.connect", task)
        finally:
            self._tunnels.discard(task)
            writer.close()

    async def close(self) -> None:
        """No tunnel is left."""
        for task in self._tunnels:
            task.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        except ConnectionError:
            return
        status, host, port = self.decide(head)
        if status != 200:
            _log.warning("connect.refused", status=status)
            await _answer(writer, status)
            return
        far = await _opened(host, port)
        if far is None:
            await _answer(writer, 502)
            return
        far_reader, far_writer = far
        try:
            await _answer(writer, 200)
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, far_writer))
                both.create_task(_carry(far_reader, writer))
        finally:
            far_writer.close()

    def decide(self, head: bytes) -> tuple[int, str, int]:
        """(status, host, port): 200 for exactly a listed place, else why not. Pure."""
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        if not line.startswith("CONNECT "):
            return 405, "", 0
        found = _CONNECT.fullmatch(line)
        if found is None:
            return 400, "", 0
        host, port = found[1].strip("[]").lower(), int(found[2])
        if (host, port) not in self._hosts:
            return 403, "", 0
        if len(self._tunnels) > MAX_TUNNELS:
            return 429, "", 0
        return 200, host, port


async def _opened(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """A connection to the first address that may be used; the name is looked up once."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            for *_kind, address in found:
                if permitted(host, str(address[0])):
                    with suppress(OSError):
                        return await asyncio.open_connection(str(address[0]), port)
    except (OSError, TimeoutError):
        return None
    return None


def permitted(host: str, address: str) -> bool:
    """Whether a name on the list may lead to this address: a public one to public ones only."""
    if host in _PRIVATE_NAMES or _is_address(host):
        return True  # the operator named this machine, or the address itself
    return _unwrapped(ipaddress.ip_address(address.partition("%")[0])).is_global


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _unwrapped(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one leads to, in each of the ways to write one into it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour
    return inner or (address.teredo[1] if address.teredo is not None else address)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    words = {200: "Connection established", 400: "Bad Request", 403: "Forbidden",
             405: "Method Not Allowed", 429: "Too Many Requests", 502: "Bad Gateway"}  # fmt: skip
    writer.write(f"HTTP/1.1 {status} {words[status]}\r\n\r\n".encode())
    with suppress(ConnectionError):
        await writer.drain()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (ConnectionError, OSError):
        writer.close()
