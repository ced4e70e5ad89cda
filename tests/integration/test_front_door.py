"""GitHub, its friends and its enemies at the one open port."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import io
import json
import signal
import sqlite3
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.errors import ConfigurationError
from bot.handlers.handler import handlers, needed_fields
from bot.store import Store, sqlite_url
from bot.webhook.payload import Parse, parse_json
from bot.webhook.receiver import MAX_BODY, Receiver
from bot.webhook.server import LIMIT_SECONDS, FrontDoor
from bot.webhook.writer import DeliveryWriter, SqliteTable, Table

SECRET = "It's a Secret to Everybody"
ROOT = Path(__file__).parents[2]
EXAMPLES = json.loads((ROOT / "tests/samples/github-webhook-examples.json").read_text())


def signed(body: bytes, secret: str = SECRET, **changes: str | None) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers: dict[str, str | None] = {
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}


@dataclass
class Door:
    """What a test needs of a running front door."""

    port: int
    store: Store
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    async def post(
        self, body: bytes | io.BytesIO | AsyncIterator[bytes], headers: dict[str, str]
    ) -> int:
        async with self.http.post(self.url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def stored(self) -> list[str]:
        return [delivery.id for delivery in await self.store.pending_deliveries(100_000)]

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


async def page(request: web.Request) -> web.Response:
    return web.Response(text=f"page {request.path} {await request.text()}")


async def slow_page(_request: web.Request) -> web.Response:
    await asyncio.sleep(0.5)
    return web.Response(text="slow but there")


@asynccontextmanager
async def running(
    url: str,
    *,
    table: Callable[[], Table] | None = None,
    parse: Parse | None = None,
    **options: Any,
) -> AsyncIterator[Door]:
    async with AsyncExitStack() as stack:
        store = await Store.open(url)
        stack.push_async_callback(store.close)
        writer = DeliveryWriter(url, table=table)
        await writer.start()
        stack.push_async_callback(writer.stop)
        receiver = Receiver(
            secret=SECRET, fields=needed_fields(handlers()), writer=writer, parse=parse
        )
        pages = web.Application()
        pages.router.add_route("*", "/page", page)
        pages.router.add_get("/slow", slow_page)
        door = FrontDoor(receiver, pages, **options)
        port = await door.start("127.0.0.1", 0)
        stack.push_async_callback(door.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Door(port, store, http)


@pytest.fixture(params=["fast", "plain"])
async def door(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    parse = parse_json if request.param == "plain" else None
    async with running(sqlite_url(tmp_path), parse=parse) as opened:
        yield opened


# ---------------------------------------------------------------------------- good deliveries


async def test_a_signed_delivery_is_stored_and_acknowledged(store_url: str) -> None:
    body = b'{"action":"opened","number":1,"repository":{"full_name":"octo/hello"}}'
    headers = signed(body, X_GitHub_Event="pull_request")
    async with running(store_url) as door:
        assert await door.post(body, headers) == 202
        (delivery,) = await door.store.pending_deliveries(10)
    assert (delivery.id, delivery.event) == (headers["X-GitHub-Delivery"], "pull_request")
    assert (delivery.action, delivery.repo.full_name) == ("opened", "octo/hello")
    assert delivery.received_at is not None


async def test_a_known_delivery_is_acknowledged_again_and_stored_once(store_url: str) -> None:
    headers = signed(b"{}")
    async with running(store_url) as door:
        answers = await asyncio.gather(*(door.post(b"{}", headers) for _ in range(5)))
        assert [*answers, await door.post(b"{}", headers)] == [202] * 6
        assert await door.stored() == [headers["X-GitHub-Delivery"]]


async def test_all_of_githubs_examples_are_accepted(door: Door) -> None:
    sent = 0
    for kind in EXAMPLES:
        for example in kind["examples"]:
            body = json.dumps(example).encode()
            assert await door.post(body, signed(body, X_GitHub_Event=kind["name"])) == 202
            sent += 1
    assert len(await door.stored()) == sent == 47


async def test_an_unknown_event_is_stored_too(door: Door) -> None:
    assert await door.post(b"{}", signed(b"{}", X_GitHub_Event="invented_tomorrow")) == 202
    assert len(await door.stored()) == 1


async def test_a_chunked_body_is_accepted(door: Door) -> None:
    body = b'{"zen":"' + b"x" * 300_000 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    assert await door.post(pieces(), signed(body)) == 202


async def test_exactly_25_mb_are_accepted(door: Door) -> None:
    body = b'{"zen":"' + b"x" * (MAX_BODY - 10) + b'"}'
    assert len(body) == 25 * 1024 * 1024
    assert await door.post(io.BytesIO(body), signed(body)) == 202
    assert len(await door.stored()) == 1


async def test_the_path_may_have_a_query_and_connections_are_kept(door: Door) -> None:
    reader, writer = await door.open()
    for _ in range(3):
        headers = "".join(f"{k}: {v}\r\n" for k, v in signed(b"{}").items())
        writer.write(
            f"POST /webhook?a=b HTTP/1.1\r\nHost: h\r\n{headers}".encode()
            + b"Content-Length: 2\r\n\r\n{}"
        )
        assert (await reader.readuntil(b"stored\n")).startswith(b"HTTP/1.1 202 ")
    writer.close()
    assert len(await door.stored()) == 3


async def test_a_client_that_asks_first_is_told_to_go_on(door: Door) -> None:
    reader, writer = await door.open()
    headers = "".join(f"{k}: {v}\r\n" for k, v in signed(b"{}").items())
    writer.write(
        f"POST /webhook HTTP/1.1\r\nHost: h\r\n{headers}Expect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n".encode()
    )
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"{}")
    assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
    writer.close()


async def test_500_connections_at_once(door: Door) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def send() -> int:
            async with http.post(door.url, data=b"{}", headers=signed(b"{}")) as answer:
                return answer.status

        assert await asyncio.gather(*(send() for _ in range(500))) == [202] * 500
    assert len(await door.stored()) == 500


# ----------------------------------------------------------------------------- bad deliveries


SHA1 = "sha1=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest()

BAD = {
    "unsigned": (b"{}", signed(b"{}", X_Hub_Signature_256=None), 401),
    "wrong secret": (b"{}", signed(b"{}", secret="guess"), 401),
    "changed body": (b'{"a":1}', signed(b"{}"), 401),
    "sha-1 only": (b"{}", signed(b"{}", X_Hub_Signature_256=None, X_Hub_Signature=SHA1), 401),
    "sha-1 as sha-256": (b"{}", signed(b"{}", X_Hub_Signature_256=SHA1), 401),
    "no json": (b"hello", signed(b"hello"), 400),
    "a form": (b"payload=%7B%7D", signed(b"payload=%7B%7D"), 400),
    "an array": (b"[{}]", signed(b"[{}]"), 400),
    "nothing": (b"", signed(b""), 400),
    "no event": (b"{}", signed(b"{}", X_GitHub_Event=None), 400),
    "no delivery id": (b"{}", signed(b"{}", X_GitHub_Delivery=None), 400),
    "an odd delivery id": (b"{}", signed(b"{}", X_GitHub_Delivery="a b"), 400),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_delivery_is_refused_and_not_stored(door: Door, name: str) -> None:
    body, headers, status = BAD[name]
    assert await door.post(body, headers) == status
    assert await door.stored() == []
    assert await door.post(b"{}", signed(b"{}")) == 202  # and costs nobody else's


@pytest.mark.parametrize("length", [MAX_BODY + 1, 30 * 1024 * 1024, 10**18])
async def test_too_large_by_its_header_is_refused_before_it_is_sent(
    door: Door, length: int
) -> None:
    reader, writer = await door.open()
    writer.write(f"POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    writer.close()


async def test_the_connection_of_a_body_that_is_too_large_is_closed(door: Door) -> None:
    reader, writer = await door.open()
    writer.write(b"POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n")
    async with asyncio.timeout(8):
        answer = await reader.read()  # to the end: the door closes it
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert reader.at_eof()
    writer.close()


async def test_too_large_in_chunks_is_refused_as_soon_as_it_is(door: Door) -> None:
    sent = 0
    piece = b"x" * 1024 * 1024

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10 * MAX_BODY:
            sent += len(piece)
            yield piece

    reader, writer = await door.open()
    writer.write(b"POST /webhook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    answer = asyncio.create_task(reader.readline())
    async for chunk in pieces():
        if answer.done():
            break
        writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await writer.drain()
    assert (await answer).startswith(b"HTTP/1.1 413 ")
    assert MAX_BODY < sent < 2 * MAX_BODY
    writer.close()
    assert await door.stored() == []


@pytest.mark.parametrize(
    "rest", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n64\r\n{"]
)
async def test_a_truncated_body_is_not_stored(
    door: Door, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    headers = "".join(f"{k}: {v}\r\n" for k, v in signed(b"{").items())
    _reader, writer = await door.open()
    writer.write(b"POST /webhook HTTP/1.1\r\nHost: h\r\n" + headers.encode() + rest)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await door.post(b"{}", signed(b"{}")) == 202
    assert len(await door.stored()) == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /webhook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_400(
    door: Door, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await door.open()
    writer.write(request_bytes)
    answer = await reader.read()
    assert answer.partition(b" ")[2].startswith(b"400 ")
    writer.close()
    assert "Traceback" not in caplog.text


async def test_a_compressed_body_is_not_inflated(door: Door) -> None:
    """The signature is over the bytes as sent; a bomb stays small."""
    import zlib

    bomb = zlib.compress(b"0" * 50_000_000)
    headers = signed(bomb, Content_Encoding="deflate")
    assert await door.post(bomb, headers) == 400
    assert await door.post(b"{}", signed(b"{}", Content_Encoding="gzip")) == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_only_post(door: Door, method: str) -> None:
    async with door.http.request(method, door.url) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


# ------------------------------------------------------------------------- everything else


async def test_every_other_path_goes_to_the_pages(door: Door) -> None:
    base = door.url.removesuffix("/webhook")
    async with door.http.get(f"{base}/page") as answer:
        assert await answer.text() == "page /page "
    async with door.http.post(f"{base}/page", data=b"form") as answer:
        assert await answer.text() == "page /page form"
    for path in ("/", "/webhook/", "/webhooks", "/Webhook", "/page/webhook"):
        async with door.http.post(base + path, data=b"{}", headers=signed(b"{}")) as answer:
            assert answer.status == 404
    async with door.http.post(f"{base}/page", data=io.BytesIO(b"x" * 2_000_000)) as answer:
        assert answer.status == 413
    assert await door.stored() == []


async def test_a_port_that_is_taken_is_told_in_one_line(door: Door) -> None:
    other = FrontDoor(Receiver(secret="s", fields=[], writer=None), web.Application())  # type: ignore[arg-type]  # never asked
    with pytest.raises(ConfigurationError, match=rf"cannot listen on 127\.0\.0\.1:{door.port}"):
        await other.start("127.0.0.1", door.port)


# --------------------------------------------------------------------------- slow clients


def test_the_limit_for_slow_clients_is_githubs_own() -> None:
    receiver = Receiver(secret="s", fields=[], writer=None)  # type: ignore[arg-type]  # never asked
    assert FrontDoor(receiver, web.Application()).limit == LIMIT_SECONDS == 10.0


HEAD = b"POST /webhook HTTP/1.1\r\nHost: h\r\n"
SLOW = {
    "says nothing": (b"", b""),
    "slow headers": (HEAD, b"X: y\r\n"),
    "half a request line": (b"POST /web", b""),
    "slow body": (HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
    "slow chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "slow body for a page": (b"POST /page HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n", b"x"),
    "slow body after 405": (b"PUT /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", SLOW)
async def test_a_slow_client_is_cut(tmp_path: Path, name: str) -> None:
    start, drip = SLOW[name]
    async with running(sqlite_url(tmp_path), limit=0.3) as door:
        reader, writer = await door.open()
        began = asyncio.get_running_loop().time()
        writer.write(start)
        reading = asyncio.create_task(reader.read())
        async with asyncio.timeout(5):
            while not reading.done():
                writer.write(drip)
                await asyncio.wait([reading], timeout=0.05)
        lasted = asyncio.get_running_loop().time() - began
        assert 0.25 < lasted < 2
        if not reading.exception():
            assert not reading.result().startswith(b"HTTP/1.1 2")
        writer.close()
        assert await door.stored() == []


async def test_good_deliveries_pass_while_many_clients_are_slow(tmp_path: Path) -> None:
    async with running(sqlite_url(tmp_path), limit=2.0) as door:
        slow = [await door.open() for _ in range(100)]
        for number, (_reader, writer) in enumerate(slow):
            writer.write(SLOW["slow headers" if number % 2 else "slow body"][0])
        answers = await asyncio.gather(*(door.post(b"{}", signed(b"{}")) for _ in range(200)))
        assert answers == [202] * 200
        async with asyncio.timeout(20):
            for reader, writer in slow:
                with contextlib.suppress(ConnectionResetError):  # cut, too
                    assert await reader.read() == b""
                writer.close()
        assert len(await door.stored()) == 200


async def test_a_good_request_is_not_cut_while_its_answer_takes_long(tmp_path: Path) -> None:
    async with running(sqlite_url(tmp_path), limit=0.1) as door:
        base = door.url.removesuffix("/webhook")
        async with door.http.get(f"{base}/slow") as answer:
            assert await answer.text() == "slow but there"


async def test_an_idle_connection_is_kept_and_then_held_to_the_limit_again(tmp_path: Path) -> None:
    async with running(sqlite_url(tmp_path), limit=0.15) as door:
        reader, writer = await door.open()
        request = b"GET /page HTTP/1.1\r\nHost: h\r\n\r\n"
        for _ in range(2):
            writer.write(request)
            await reader.readuntil(b"page /page ")
            await asyncio.sleep(0.4)
        writer.write(b"GET /webhook HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readuntil(b"POST\n")
        await asyncio.sleep(0.4)
        writer.write(request)
        await reader.readuntil(b"page /page ")
        writer.write(request[:-2])
        async with asyncio.timeout(5):
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await reader.readexactly(1)
        writer.close()


async def test_the_rest_of_a_pipelined_request_is_waited_for_no_longer(tmp_path: Path) -> None:
    async with running(sqlite_url(tmp_path), limit=0.3) as door:
        reader, writer = await door.open()
        writer.write(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(b"GET /page HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            await reader.readuntil(b"slow but there")
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await reader.readexactly(1)
        writer.close()


async def test_connections_are_capped(tmp_path: Path) -> None:
    async with running(sqlite_url(tmp_path), max_connections=3) as door:
        kept = [await door.open() for _ in range(3)]
        for reader, writer in kept:
            writer.write(b"GET /page HTTP/1.1\r\nHost: h\r\n\r\n")
            await reader.readuntil(b"page /page ")
        reader, writer = await door.open()
        async with asyncio.timeout(5):
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await reader.readexactly(1)
        writer.close()
        for reader, writer in kept:
            writer.write(b"GET /page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            await reader.read()
            writer.close()
        assert await door.post(b"{}", signed(b"{}")) == 202


# ------------------------------------------------------------------------------- the disk


async def test_a_full_disk_is_answered_with_503_and_nothing_is_lost(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    tables: list[SqliteTable] = []

    def small() -> Table:
        table = SqliteTable(tmp_path / "harness.sqlite", SystemClock())
        pages = table._connection.execute("PRAGMA page_count").fetchone()[0]
        table._connection.execute(f"PRAGMA max_page_count={pages + 10}").fetchall()
        tables.append(table)
        return table

    body = json.dumps({"comment": {"body": "x" * 9_000}}).encode()
    accepted: list[str] = []
    async with running(url, table=small) as door:
        for _ in range(20):
            headers = signed(body)
            async with door.http.post(door.url, data=body, headers=headers) as answer:
                if answer.status == 202:
                    accepted.append(headers["X-GitHub-Delivery"])
                    continue
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) > 0
        assert 0 < len(accepted) < 20
        assert await door.stored() == accepted
        tables[0]._connection.execute("PRAGMA max_page_count=100000").fetchall()
        assert await door.post(body, signed(body)) == 202


async def test_a_locked_database_is_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webhook.writer.BUSY_SECONDS", 0.05)
    async with running(sqlite_url(tmp_path)) as door:
        other = sqlite3.connect(tmp_path / "harness.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await door.post(b"{}", signed(b"{}")) == 503
        other.execute("ROLLBACK")
        other.close()
        assert await door.post(b"{}", signed(b"{}")) == 202
        assert len(await door.stored()) == 1


@pytest.mark.parametrize("after", [100, 300])
async def test_a_killed_server_lost_nothing_it_acknowledged(tmp_path: Path, after: int) -> None:
    url = sqlite_url(tmp_path)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.front_door", url, SECRET,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    port = int(await child.stdout.readline())
    acknowledged: list[str] = []

    async def send(http: aiohttp.ClientSession) -> None:
        while True:
            headers = signed(b"{}")
            async with http.post(
                f"http://127.0.0.1:{port}/webhook", data=b"{}", headers=headers
            ) as answer:
                assert answer.status == 202
            acknowledged.append(headers["X-GitHub-Delivery"])
            if len(acknowledged) == after:
                child.send_signal(signal.SIGKILL)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        ended = await asyncio.gather(*(send(http) for _ in range(32)), return_exceptions=True)
    assert all(isinstance(error, aiohttp.ClientError) for error in ended), ended
    assert await child.wait() == -signal.SIGKILL
    assert len(acknowledged) >= after
    store = await Store.open(url)
    stored = {delivery.id for delivery in await store.pending_deliveries(100_000)}
    await store.close()
    assert set(acknowledged) <= stored
