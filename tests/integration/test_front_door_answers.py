"""Every answer of the front door, asked through aiohttp's own test client."""

import hashlib
import hmac
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer
from typing_extensions import override

from bot.errors import TryLater
from bot.webhook.receiver import Receiver
from bot.webhook.server import FrontDoor

SECRET = "of the test"
PING = json.dumps({"zen": "Keep it logically awesome."}).encode()


class Writer:
    """Keeps deliveries, or cannot."""

    def __init__(self):
        self.stored = []
        self.full = False

    async def write(self, delivery):
        if self.full:
            raise TryLater("the disk is full", 5)
        self.stored.append(delivery)


class Door(BaseTestServer):
    """The real front door, on an address of the test's."""

    def __init__(self, door):
        super().__init__()
        self._door = door

    @override
    async def _make_runner(self, **options):
        return await self._door.runner()


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
async def client(aiohttp_client, writer):
    async def hello(request):
        return web.Response(text="a page")

    pages = web.Application()
    pages.router.add_get("/", hello)
    receiver = Receiver(secret=SECRET, fields=("installation.id",), writer=writer)
    return await aiohttp_client(Door(FrontDoor(receiver, pages)))


def signed(body, **more):
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "d-1",
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }
    return {name: value for name, value in {**headers, **more}.items() if value is not None}


async def test_a_signed_delivery_is_accepted_once_it_is_stored(client, writer):
    answer = await client.post("/webhook", data=PING, headers=signed(PING))
    assert answer.status == 202
    assert [delivery.id for delivery in writer.stored] == ["d-1"]


SHA1 = "sha1=" + hmac.new(SECRET.encode(), PING, hashlib.sha1).hexdigest()  # refused


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (PING, {"X-Hub-Signature-256": None}, 401),
        (PING, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        (PING, {"X-Hub-Signature-256": None, "X-Hub-Signature": SHA1}, 401),
        (PING, {"X-GitHub-Event": None}, 400),
        (b"{", {}, 400),
        (b"[1]", {}, 400),
        (b"", {}, 400),
    ],
)
async def test_whatever_is_wrong_is_refused_and_not_stored(client, writer, body, headers, status):
    answer = await client.post("/webhook", data=body, headers=signed(body, **headers))
    assert answer.status == status
    assert writer.stored == []


async def test_too_large_a_body_is_refused_from_its_header(client, writer):
    headers = {**signed(PING), "Content-Length": str(25 * 1024 * 1024 + 1)}
    answer = await client.post("/webhook", data=PING, headers=headers)
    assert answer.status == 413
    assert writer.stored == []


async def test_what_cannot_be_stored_is_not_acknowledged(client, writer):
    writer.full = True
    answer = await client.post("/webhook", data=PING, headers=signed(PING))
    assert answer.status == 503


async def test_everything_else_on_the_port_is_a_page(client):
    assert await (await client.get("/")).text() == "a page"
    assert (await client.get("/webhook")).status == 405
