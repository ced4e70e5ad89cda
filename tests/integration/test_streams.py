"""Streams of a run's events over real connections: quiet ones, too many, and those that end."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.dashboard import live
from bot.dashboard.live import HEARTBEAT, Streams
from bot.models import AssistantText, Finished, LoggedEvent, Repo, RunRecord, RunState, Started
from bot.store import Store

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PATH = "/api/runs/r-1/events"


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path / 'harness.sqlite'}")
    await store.add_run(
        RunRecord(
            id="r-1",
            job_id="d:0",
            repo=Repo(owner="octo", name="shop"),
            number=3,
            head_sha="a" * 40,
            base_sha="b" * 40,
            trigger="opened",
            state=RunState.RUNNING,
            started_at=NOW,
        )
    )
    yield store
    await store.close()


@pytest.fixture
def streams(store):
    return Streams(store, poll=0.01, slow=0.5)


@pytest.fixture
async def server(streams):
    app = web.Application()
    app.router.add_get("/api/runs/{id}/events", streams.events)
    app.on_shutdown.append(streams.stop)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def session(server):
    async with aiohttp.ClientSession(server.make_url("/")) as session:
        yield session


async def told(store, *events):
    await store.add_events(
        "r-1", [LoggedEvent(agent="codex", at=NOW, event=event) for event in events]
    )


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_quiet_stream_says_now_and_then_that_it_lives(store, session, monkeypatch):
    polls = 0
    events = store.events

    async def counted(*arguments):
        nonlocal polls
        polls += 1
        return await events(*arguments)

    monkeypatch.setattr(store, "events", counted)
    async with session.get(PATH) as answer:
        heard = []
        for _ in range(3):
            assert await answer.content.readuntil(b"\n\n") == b": waiting\n\n"
            heard.append(polls)
    assert heard[0] <= 2
    assert HEARTBEAT - 1 <= heard[2] - heard[1] <= HEARTBEAT + 1


async def test_what_is_written_while_one_listens_is_heard_once_and_in_order(store, session):
    async with session.get(PATH) as answer:
        for n in range(3):
            await told(store, *(AssistantText(text=f"{n} {m}") for m in range(4)))
            await asyncio.sleep(0.02)
        await told(store, Finished(success=True))
        await store.finish_run("r-1", RunState.FINISHED, "success", "", NOW)
        lines = (await answer.text()).splitlines()
    data = [json.loads(line.removeprefix("data: ")) for line in lines if "text" in line]
    assert [e["text"] for e in data] == [f"{n} {m}" for n in range(3) for m in range(4)] + [
        "finished"
    ]
    assert lines[-3:-1] == ["event: end", "data: {}"]


async def test_a_reader_that_was_cut_off_continues_after_what_it_had(store, session):
    await told(store, Started(), AssistantText(text="one"))
    async with session.get(PATH) as answer:
        await answer.content.readuntil(b"\n\n")
        second = await answer.content.readuntil(b"\n\n")
    last = second.split(b"\n")[0].removeprefix(b"id: ").decode()
    await told(store, AssistantText(text="two"))
    async with session.get(PATH, headers={"Last-Event-ID": last}) as answer:
        assert b'"text": "two"' in await answer.content.readuntil(b"\n\n")


@pytest.mark.parametrize("odd", ["", "-1", "1e9", "9" * 40, "\u0661", "1; drop"])
async def test_a_cursor_that_is_no_number_is_the_beginning(store, session, odd):
    await told(store, Started())
    async with session.get(PATH, params={"after": odd}) as answer:
        assert b"began to read" in await answer.content.readuntil(b"\n\n")


async def test_more_readers_than_there_is_room_for_are_told_to_come_back(
    store, session, streams, monkeypatch
):
    monkeypatch.setattr(live, "MAX_CLIENTS", 2)
    first, second = await session.get(PATH), await session.get(PATH)
    refused = await session.get(PATH)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    # Whoever asks for JSON stays for no longer than the answer.
    assert (await session.get(PATH, headers={"Accept": "application/json"})).status == 200
    first.close()
    await until(lambda: streams._open == 1)
    third = await session.get(PATH)
    assert third.status == 200
    second.close()
    third.close()
    await until(lambda: streams._open == 0)


async def test_a_reader_that_goes_away_is_noticed_and_nothing_is_logged(session, streams, caplog):
    answer = await session.get(PATH)
    await until(lambda: streams._open == 1)
    answer.close()
    await until(lambda: streams._open == 0)
    assert caplog.records == []


async def stuck(server):
    """A connection that asks and never reads."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(reader, (server.host, server.port))
    await loop.sock_sendall(reader, f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return reader


async def much(store):
    """More than all buffers between both sides hold."""
    for _ in range(12):
        await told(store, *[AssistantText(text="x" * 2000)] * 500)


async def test_a_reader_that_does_not_read_is_cut_off(store, server, streams):
    await much(store)
    reader = await stuck(server)
    await until(lambda: streams._open == 1)
    await until(lambda: streams._open == 0)
    reader.close()


@pytest.mark.parametrize("waiting", ["for events", "for its reader"])
async def test_the_server_stops_at_once_although_somebody_looks_on(store, waiting):
    streams = Streams(store, poll=60, slow=60)
    app = web.Application()
    app.router.add_get("/api/runs/{id}/events", streams.events)
    app.on_shutdown.append(streams.stop)
    server = TestServer(app)
    await server.start_server()
    if waiting == "for its reader":
        await much(store)
    reader = await stuck(server)
    await until(lambda: streams._open == 1)
    await asyncio.sleep(0.3)
    async with asyncio.timeout(4):
        await server.close()
    assert streams._open == 0
    reader.close()
