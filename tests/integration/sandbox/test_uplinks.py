"""The two ways out of a real fence: what passes, what does not, and what is left afterwards."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import OverBudget
from bot.models import ModelUsage
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.launcher import BWRAP
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import ADDRESS, AllowList, Dialect, ModelApi

KEY, TOKEN = "sk-the-real-key-0123456789", "token-of-this-run"
ANSWER = {"usage": {"input_tokens": 11, "output_tokens": 3}, "content": []}
CALL = {"model": "m", "max_tokens": 5, "messages": []}

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not Path(BWRAP).exists(), reason="bubblewrap is not installed"),
]

ASK = """
import json, sys, urllib.request, urllib.error
address, token, path, body = sys.argv[1:]
request = urllib.request.Request(
    address + path, data=body.encode(), headers={"x-api-key": token, "Cookie": "a=b"}
)
try:
    with urllib.request.urlopen(request) as answer:
        print(json.dumps([answer.status, dict(answer.headers), answer.read().decode()]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, dict(error.headers), error.read().decode()]))
"""
TUNNEL = """
import socket, sys
place, size = sys.argv[1], int(sys.argv[2])
with socket.create_connection(("127.0.0.1", 3128)) as proxy:
    proxy.sendall(f"CONNECT {place} HTTP/1.1\\r\\n\\r\\n".encode())
    head = proxy.recv(4096).decode()
    print(head.split()[1])
    if head.split()[1] == "200":
        proxy.sendall(b"x" * size)
        proxy.shutdown(socket.SHUT_WR)
        got = 0
        while data := proxy.recv(65536):
            got += len(data)
        print(got)
"""


class Purse:
    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.settled: list[ModelUsage | None] = []

    async def admit(self, model: str, *, input_tokens: int, output_tokens: int) -> object:
        if self.refuses:
            raise OverBudget("the run has spent $1 of $1")
        return object()

    async def settle(self, ticket: object, usage: ModelUsage | None) -> None:
        self.settled.append(usage)


class Upstream:
    """Remembers what arrived."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.path_qs, headers))
        if request.path.endswith("/v1/messages/count_tokens"):
            return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})
        return web.json_response(ANSWER, headers={"Set-Cookie": "c=d"})


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/base"
    yield made
    await runner.cleanup()


@pytest.fixture
async def sandbox() -> Sandbox:
    made = Sandbox()
    probe = await made.probe()
    if not probe.works:
        pytest.skip(f"no sandbox works here: {probe.reason}")
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    place.mkdir()
    return place


def api(upstream: Upstream, purse: Purse | None = None) -> ModelApi:
    return ModelApi(
        dialect=Dialect.ANTHROPIC, base_url=upstream.url, token=TOKEN, key=KEY, purse=purse
    )


async def python(sandbox: Sandbox, fence: Fence, script: str, *arguments: str) -> str:
    argv = ("/usr/bin/env", "python3", "-c", script, *arguments)
    child = await sandbox.start(Command(argv=argv), fence, trusted=False)
    async with child:
        out = b"".join([chunk async for chunk in child.chunks()])
        assert await child.wait() == 0, child.stderr
    return out.decode()


async def ask(
    sandbox: Sandbox,
    tree: Path,
    uplink: ModelApi,
    *,
    token: str = TOKEN,
    path: str = "/v1/messages",
    body: dict[str, Any] | None = None,
) -> tuple[int, dict[str, str], str]:
    fence = Fence(tree=tree, uplink=uplink)
    sent = json.dumps(CALL if body is None else body)
    status, headers, text = json.loads(
        await python(sandbox, fence, ASK, ADDRESS, token, path, sent)
    )
    return status, headers, text


async def test_the_token_becomes_the_key_on_our_side_and_the_call_is_settled(
    sandbox: Sandbox, tree: Path, upstream: Upstream
) -> None:
    purse = Purse()

    status, headers, text = await ask(
        sandbox, tree, api(upstream, purse), path="/v1/messages?beta=true&a=b"
    )

    assert (status, json.loads(text)) == (200, ANSWER)
    ((path, arrived),) = upstream.seen
    assert path == "/base/v1/messages?beta=true"
    assert arrived["x-api-key"] == KEY
    assert "cookie" not in arrived
    assert TOKEN not in json.dumps(arrived)
    assert KEY not in json.dumps(headers)
    assert "set-cookie" not in {name.lower() for name in headers}
    # Before the process's end was told.
    assert purse.settled == [ModelUsage(model="m", input=11, output=3)]


@pytest.mark.parametrize("token", ["", "token-of-another-run", KEY])
async def test_any_other_token_reaches_nobody(
    sandbox: Sandbox, tree: Path, upstream: Upstream, token: str
) -> None:
    assert (await ask(sandbox, tree, api(upstream), token=token))[0] == 401
    assert upstream.seen == []


async def test_what_is_no_call_and_what_would_leave_the_fence_reaches_nobody(
    sandbox: Sandbox, tree: Path, upstream: Upstream
) -> None:
    assert (await ask(sandbox, tree, api(upstream), path="/v1/files"))[0] == 404
    search = {**CALL, "tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    status, _headers, text = await ask(sandbox, tree, api(upstream), body=search)
    assert status == 400
    assert json.loads(text)["error"]["message"].startswith("refused: a tool of type")
    assert upstream.seen == []


async def test_a_call_over_the_budget_is_told_in_the_vendors_shape_and_asks_nobody(
    sandbox: Sandbox, tree: Path, upstream: Upstream
) -> None:
    purse = Purse(refuses=True)
    status, _headers, text = await ask(sandbox, tree, api(upstream, purse))
    assert status == 400
    message = json.loads(text)["error"]["message"]
    assert message == "over budget: the run has spent $1 of $1"
    assert (upstream.seen, purse.settled) == ([], [])


async def test_a_redirect_is_not_followed(sandbox: Sandbox, tree: Path, upstream: Upstream) -> None:
    path = "/v1/messages/count_tokens"
    status, headers, _text = await ask(sandbox, tree, api(upstream), path=path)
    assert status == 302
    assert "location" not in {name.lower() for name in headers}


async def test_nobody_at_the_address_costs_nothing(sandbox: Sandbox, tree: Path) -> None:
    nowhere, purse = Upstream(), Purse()
    nowhere.url = "http://127.0.0.1:9"
    status, _headers, text = await ask(sandbox, tree, api(nowhere, purse))
    assert (status, "cannot be reached" in text) == (502, True)
    assert purse.settled == [ModelUsage(model="m")]


async def test_without_a_sandbox_the_address_is_another_port(
    tree: Path, upstream: Upstream
) -> None:
    unfenced = Sandbox(mode="off")
    tree.parent.chmod(0o755)
    assert (await ask(unfenced, tree, api(upstream)))[0] == 200
    assert len(upstream.seen) == 1


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(-1))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_listed_host_is_reached_both_ways_and_no_other(
    sandbox: Sandbox, tree: Path, echo: int
) -> None:
    fence = Fence(tree=tree, uplink=AllowList(hosts=frozenset({("127.0.0.1", echo)})))
    size = 1_000_000
    told = await python(sandbox, fence, TUNNEL, f"127.0.0.1:{echo}", str(size))
    assert told.split() == ["200", str(size)]
    for place, status in (
        (f"localhost:{echo}", "403"),
        ("127.0.0.1:9", "403"),
        (f"x@127.0.0.1:{echo}", "400"),
    ):
        assert (await python(sandbox, fence, TUNNEL, place, "1")).split() == [status]


async def test_the_bridge_ends_as_its_program_ends(sandbox: Sandbox, tree: Path) -> None:
    fence = Fence(tree=tree, uplink=AllowList(hosts=frozenset()))
    for script, code in (("exit 3", 3), ("kill -9 $$", 137)):
        command = Command(argv=("/bin/sh", "-c", script))
        async with await sandbox.start(command, fence, trusted=False) as child:
            assert await child.wait() == code
    command = Command(argv=("/bin/sleep", "60"))
    async with await sandbox.start(command, fence, trusted=False) as child:
        await child.kill()
        assert await child.wait() != 0


MANY = """
import os, socket, sys, time
from concurrent.futures import ThreadPoolExecutor
place, count = sys.argv[1], int(sys.argv[2])

def tunnel(number):
    with socket.create_connection(("127.0.0.1", 3128)) as proxy:
        proxy.sendall(f"CONNECT {place} HTTP/1.1\\r\\n\\r\\n".encode())
        assert proxy.recv(4096).split()[1] == b"200"
        proxy.sendall(str(number).encode() * 10_000)
        proxy.shutdown(socket.SHUT_WR)
        got = b""
        while data := proxy.recv(65536):
            got += data
        return got == str(number).encode() * 10_000

def used():
    fields = open(f"/proc/{os.getppid()}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])

silent = socket.create_connection(("127.0.0.1", 3128))
half = socket.create_connection(("127.0.0.1", 3128))
half.shutdown(socket.SHUT_WR)
with ThreadPoolExecutor(count) as pool:
    print(sum(pool.map(tunnel, range(count))))
before = used()
time.sleep(1)
print(used() - before)
"""


async def test_fifty_connections_at_once_and_no_work_while_nothing_comes(
    sandbox: Sandbox, tree: Path, echo: int
) -> None:
    fence = Fence(tree=tree, uplink=AllowList(hosts=frozenset({("127.0.0.1", echo)})))
    told = await python(sandbox, fence, MANY, f"127.0.0.1:{echo}", "50")
    whole, ticks = map(int, told.split())
    assert whole == 50
    # Of the hundred ticks of that second; a loop that does not wait takes most of them.
    assert ticks <= 10


async def test_nothing_is_left_of_a_way_out(sandbox: Sandbox, tree: Path, echo: int) -> None:
    def left() -> set[Path]:
        return set(Path(tempfile.gettempdir()).glob("harness-up-*"))

    before, tasks = left(), asyncio.all_tasks()
    fence = Fence(tree=tree, uplink=AllowList(hosts=frozenset({("127.0.0.1", echo)})))
    command = Command(argv=("/bin/sh", "-c", "echo up; exec sleep 60"))
    child = await sandbox.start(command, fence, trusted=False)
    assert await child.read() == b"up\n"
    (place,) = left() - before
    assert [path.name for path in place.iterdir()] == ["s"]
    await child.kill()
    assert not place.exists()
    assert asyncio.all_tasks() <= tasks
