"""A model's API behind our own process: streams, ends that come too early, and what is settled."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.agents import vendor
from bot.errors import TryLater
from bot.models import ModelUsage
from bot.sandbox import gateway
from bot.sandbox.gateway import MAX_BODY, MAX_CALLS, serving
from bot.sandbox.uplink import Dialect, ModelApi

KEY, TOKEN = "sk-the-real-key-0123456789", "token-of-this-run"
CALL = {"model": "m", "max_tokens": 5, "messages": [], "stream": True}
START = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 11}}}
MORE = {"type": "message_delta", "usage": {"output_tokens": 3}}

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def event(body: dict[str, Any]) -> bytes:
    return f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode()


class Purse:
    """Notes what was admitted and settled; may keep everybody waiting."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.open = asyncio.Event()
        self.open.set()
        self.admitted = 0
        self.settled: list[ModelUsage | None] = []
        self.done = asyncio.Event()

    async def admit(self, model: str, *, input_tokens: int, output_tokens: int) -> object:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.admitted += 1
        return object()

    async def settle(self, ticket: object, usage: ModelUsage | None) -> None:
        self.settled.append(usage)
        self.done.set()


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def between(
    handle: Handle, purse: Purse, dialect: Dialect = Dialect.ANTHROPIC
) -> AsyncIterator[tuple[ModelApi, str, aiohttp.ClientSession]]:
    """The API, the gateway's address, and somebody who asks there."""
    app = web.Application(client_max_size=2 * MAX_BODY)
    app.router.add_route("*", "/{rest:.*}", handle)
    async with listening(app) as upstream:
        api = ModelApi(dialect=dialect, base_url=upstream, token=TOKEN, key=KEY, purse=purse)
        async with serving(api) as runner, aiohttp.ClientSession() as client:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield api, f"http://127.0.0.1:{runner.addresses[0][1]}", client


def ask(client: aiohttp.ClientSession, url: str, **more: Any) -> Any:
    given = {"json": CALL, "headers": {"x-api-key": TOKEN}, **more}
    return client.post(f"{url}/v1/messages", **given)


async def begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(event(START))
    return response


async def test_the_first_words_arrive_before_the_last_are_written() -> None:
    arrived = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = await begun(request)
        await arrived.wait()  # a gateway that collects the answer would wait here for ever
        await response.write(event(MORE))
        return response

    purse = Purse()
    async with between(slow, purse) as (api, url, client), asyncio.timeout(20):
        async with ask(client, url) as answer:
            assert b"message_start" in await answer.content.readany()
            assert purse.settled == []
            beats = api.pulse.beats
            assert beats > 0
            arrived.set()
            assert b"message_delta" in await answer.content.read()
        await purse.done.wait()
    assert purse.settled == [ModelUsage(model="m", input=11, output=3)]
    assert api.pulse.beats > beats


async def test_a_torn_answer_is_no_whole_one_and_what_it_used_is_unknown() -> None:
    async def torn(request: web.Request) -> web.StreamResponse:
        response = await begun(request)
        assert request.transport is not None
        request.transport.abort()
        return response

    purse = Purse()
    async with between(torn, purse) as (_api, url, client), asyncio.timeout(20):
        with pytest.raises(aiohttp.ClientError):
            async with ask(client, url) as answer:
                await answer.content.read()
        await purse.done.wait()
    assert purse.settled == [None]


async def test_who_hangs_up_ends_the_call_and_pays_the_most_it_may_have_cost() -> None:
    ended = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = await begun(request)
        try:
            while True:
                await response.write(event({"type": "ping"}))
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    purse = Purse()
    async with between(endless, purse) as (_api, url, client), asyncio.timeout(20):
        async with ask(client, url) as answer:
            await answer.content.readany()
            answer.close()
        await ended.wait()
        await purse.done.wait()
    assert purse.settled == [None]


async def test_a_body_over_the_limit_reaches_nobody_and_costs_nothing() -> None:
    asked = 0

    async def upstream(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return web.json_response({})

    purse = Purse()
    async with between(upstream, purse) as (_api, url, client):
        async with ask(client, url, json=None, data=BytesIO(b"x" * (MAX_BODY + 1))) as answer:
            assert answer.status == 413
            assert f"more than {MAX_BODY} bytes" in (await answer.json())["error"]["message"]
        assert (asked, purse.admitted, purse.settled) == (0, 0, [])


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_an_error_passes_as_it_is_and_costs_nothing(status: int) -> None:
    async def failing(request: web.Request) -> web.StreamResponse:
        body = {"type": "error", "error": {"type": "x", "message": "the vendor's words"}}
        return web.json_response(body, status=status, headers={"Retry-After": "7"})

    purse = Purse()
    async with between(failing, purse) as (_api, url, client), ask(client, url) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (status, "7")
        assert (await answer.json())["error"]["message"] == "the vendor's words"
    assert purse.settled == [ModelUsage(model="m")]


async def test_a_budget_that_cannot_be_asked_now_is_a_matter_of_trying_again() -> None:
    async def upstream(request: web.Request) -> web.StreamResponse:
        raise AssertionError("nobody may ask")

    purse = Purse(TryLater("the database is locked", 5))
    async with between(upstream, purse) as (_api, url, client), ask(client, url) as answer:
        assert answer.status == 503
        assert "the database is locked" in await answer.text()


async def test_whoever_waits_for_the_budget_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BEAT_SECONDS", 0.01)

    async def upstream(request: web.Request) -> web.StreamResponse:
        return web.json_response({"usage": {"input_tokens": 1, "output_tokens": 1}})

    purse = Purse()
    purse.open.clear()
    async with between(upstream, purse) as (api, url, client), asyncio.timeout(20):
        call = asyncio.ensure_future(client.post(f"{url}/v1/messages", json=CALL,
                                                 headers={"x-api-key": TOKEN}))  # fmt: skip
        while api.pulse.beats < 3:
            await asyncio.sleep(0.01)
        purse.open.set()
        answer = await call
        assert answer.status == 200
        answer.release()


async def test_a_dead_vendor_gives_no_sign_of_life() -> None:
    release = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response({})

    purse = Purse()
    async with between(silent, purse) as (api, url, client), asyncio.timeout(20):
        call = asyncio.ensure_future(client.post(f"{url}/v1/messages", json=CALL,
                                                 headers={"x-api-key": TOKEN}))  # fmt: skip
        while purse.admitted == 0:
            await asyncio.sleep(0.01)
        beats = api.pulse.beats
        await asyncio.sleep(0.2)
        assert api.pulse.beats == beats
        release.set()
        (await call).release()


async def test_so_many_calls_at_once_and_the_next_ones_wait() -> None:
    release, at_once, most = asyncio.Event(), 0, 0

    async def busy(request: web.Request) -> web.StreamResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await release.wait()
        at_once -= 1
        return web.json_response({"usage": {"input_tokens": 1, "output_tokens": 1}})

    purse = Purse()
    async with between(busy, purse) as (_api, url, client), asyncio.timeout(20):

        async def one() -> int:
            async with ask(client, url) as answer:
                return int(answer.status)

        calls = [asyncio.ensure_future(one()) for _ in range(MAX_CALLS + 5)]
        while at_once < MAX_CALLS:
            await asyncio.sleep(0.01)
        release.set()
        assert await asyncio.gather(*calls) == [200] * len(calls)
    assert most <= MAX_CALLS
    assert len(purse.settled) == MAX_CALLS + 5


DIALECTS = [
    (Dialect.ANTHROPIC, "/v1/messages", {"x-api-key": TOKEN}, ("x-api-key", KEY)),
    (
        Dialect.OPENAI,
        "/v1/responses",
        {"Authorization": f"Bearer {TOKEN}"},
        ("authorization", f"Bearer {KEY}"),
    ),
    (
        Dialect.GEMINI,
        "/v1beta/models/m:generateContent",
        {"x-goog-api-key": TOKEN},
        ("x-goog-api-key", KEY),
    ),
    (Dialect.GEMINI, f"/v1beta/models/m:generateContent?key={TOKEN}&alt=sse", {},
     ("x-goog-api-key", KEY)),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "path", "given", "wanted"), DIALECTS)
async def test_in_every_dialect_the_key_replaces_the_token(
    dialect: Dialect, path: str, given: dict[str, str], wanted: tuple[str, str]
) -> None:
    seen: list[str] = []
    headers: dict[str, str] = {}

    async def upstream(request: web.Request) -> web.StreamResponse:
        seen.append(request.path_qs)
        headers.update({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({})

    others = {"Proxy-Authorization": "Basic x", "Cookie": "a=b", "X-Forwarded-Host": "x"}
    body = {"model": "m", "max_tokens": 5, "messages": [], "input": "hi", "contents": []}
    async with (
        between(upstream, Purse(), dialect) as (_api, url, client),
        client.post(url + path, json=body, headers={**given, **others}) as answer,
    ):
        assert answer.status == 200
    assert headers[wanted[0]] == wanted[1]
    assert TOKEN not in json.dumps([seen, headers])
    keys = {"authorization", "x-api-key", "x-goog-api-key", "api-key"}
    assert keys & set(headers) == {wanted[0]}
    assert not {name.lower() for name in others} & set(headers)


async def test_a_zipped_request_hides_nothing() -> None:
    async def upstream(request: web.Request) -> web.StreamResponse:
        raise AssertionError("nobody may ask")

    search = {**CALL, "tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    packed = gzip.compress(json.dumps(search).encode())
    headers = {"x-api-key": TOKEN, "Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with (
        between(upstream, Purse()) as (_api, url, client),
        ask(client, url, json=None, data=packed, headers=headers) as answer,
    ):
        assert answer.status == 400


async def test_a_long_conversation_passes_whole() -> None:
    sizes: list[tuple[int, str]] = []

    async def upstream(request: web.Request) -> web.StreamResponse:
        sizes.append((len(await request.read()), request.headers.get("Content-Length", "")))
        return web.json_response({})

    body = json.dumps({**CALL, "messages": [{"role": "user", "content": "x" * 3_000_000}]})
    async with (
        between(upstream, Purse()) as (_api, url, client),
        ask(client, url, json=None, data=BytesIO(body.encode())) as answer,
    ):
        assert answer.status == 200
    assert sizes == [(len(body), str(len(body)))]


async def test_of_what_a_program_turns_on_only_what_runs_here_is_passed_on() -> None:
    heard: list[web.Request] = []

    async def note(request: web.Request) -> web.StreamResponse:
        heard.append(request)
        return web.json_response({"usage": {"input_tokens": 1, "output_tokens": 1}})

    wanted = (
        "claude-code-20250219, files-api-2025-04-14,mcp-client-2025-11-20,context-1m-2025-08-07"
    )
    given = {"anthropic-beta": wanted, "anthropic-workspace-id": "w", "anthropic-version": "1"}
    async with between(note, Purse()) as (_api, url, client), asyncio.timeout(20):
        async with ask(client, url, headers={"x-api-key": TOKEN, **given}) as answer:
            assert answer.status == 200
        only = {"x-api-key": TOKEN, "anthropic-beta": "fast-mode-2026-02-01"}
        async with ask(client, url, headers=only) as answer:
            assert answer.status == 200
    first, second = (request.headers for request in heard)
    assert first["anthropic-beta"] == "claude-code-20250219,context-1m-2025-08-07"
    assert (first["anthropic-version"], "anthropic-workspace-id" in first) == ("1", False)
    assert "anthropic-beta" not in second


def test_a_silent_model_is_named_before_its_program_is_called_silent() -> None:
    assert gateway.SILENCE_SECONDS < vendor.IDLE_TIMEOUT


async def test_a_model_that_falls_silent_is_named_and_its_program_may_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "SILENCE_SECONDS", 0.2)

    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async with between(silent, Purse()) as (api, url, client), asyncio.timeout(20):
        beats = api.pulse.beats
        async with ask(client, url) as answer:
            assert answer.status == 502
            assert "the model's answer broke off" in await answer.text()
        assert api.pulse.beats > beats
