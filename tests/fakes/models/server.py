"""A model server on loopback that plays every vendor's API and remembers what it was asked.

The scenario is the first part of the path (``/s/NAME/...``), so that tests may run side by side and
a base URL is all that a program needs to be told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.models import anthropic, chat, gemini, responses
from tests.fakes.models.script import (
    SCENARIOS,
    Asked,
    Fail,
    Hang,
    Malformed,
    Reply,
    Slow,
    Text,
    Use,
)
from tests.fakes.models.usage import Usage, usage

Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, whatever it was for."""

    scenario: str
    method: str
    path: str
    """Without the scenario; with the query."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: str = field(repr=False)
    asked: Asked | None = None
    """What a model was asked; None for calls that cost nothing."""
    usage: Usage | None = None
    """What was told to have been used; None where there was no whole answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Api:
    """How one vendor says it."""

    plain: Callable[[Asked, Text | Use, int], Body]
    stream: Callable[[Asked, Text | Use, int], Iterator[bytes]]
    words: Callable[[Asked, int], Iterator[bytes]]
    failure: Callable[[Fail], Body]
    status: Callable[[Fail], int] = lambda fail: fail.status


_ANTHROPIC = _Api(
    plain=anthropic.plain,
    stream=anthropic.stream,
    words=anthropic.words,
    failure=anthropic.failure,
)
_RESPONSES = _Api(
    plain=responses.plain,
    stream=responses.stream,
    words=responses.words,
    failure=responses.failure,
)
_CHAT = _Api(plain=chat.plain, stream=chat.stream, words=chat.words, failure=chat.failure)
_GEMINI = _Api(
    plain=gemini.plain,
    stream=gemini.stream,
    words=gemini.words,
    failure=gemini.failure,
    status=gemini.code,
)


class ModelServer:
    """Where it listens, and every call so far."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.port = 0
        self._closing = asyncio.Event()

    def url(self, scenario: str, suffix: str = "") -> str:
        """The base URL of a scenario; OpenAI's ends with ``/v1``."""
        assert scenario in SCENARIOS
        return f"http://127.0.0.1:{self.port}/s/{scenario}{suffix}"

    def paid(self, scenario: str) -> list[Call]:
        """Calls that a model was asked by."""
        return [call for call in self.calls if call.scenario == scenario and call.asked is not None]

    def heard(self) -> str:
        """Everything that ever arrived, to look for what must not."""
        return "\n".join(
            f"{call.method} {call.path}\n{dict(call.headers)}\n{call.body}" for call in self.calls
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        scenario, path = request.match_info["scenario"], "/" + request.match_info["rest"]
        raw = await request.read()
        body = _object(raw)
        asked, api = _asked(path, body, len(raw))
        reply = None if asked is None else SCENARIOS[scenario](asked)
        self.calls.append(
            Call(
                scenario=scenario,
                method=request.method,
                path=path + (f"?{request.query_string}" if request.query_string else ""),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=raw.decode("utf-8", "replace"),
                asked=asked,
                usage=usage(asked, reply) if asked and isinstance(reply, Text | Use) else None,
            )
        )
        if asked is None or api is None or reply is None:
            return _other(path, len(raw))
        return await self._answer(request, api, asked, reply)

    async def _answer(
        self, request: web.Request, api: _Api, asked: Asked, reply: Reply
    ) -> web.StreamResponse:
        number = len(self.calls)
        match reply:
            case Fail():
                return web.json_response(api.failure(reply), status=api.status(reply))
            case Hang():
                await self._closing.wait()
                return web.Response(status=503)
            case Malformed():
                return await self._stream(request, [b'data: {"type": "mess\n\ndata: [[[\n\n'])
            case Slow(every=every):
                return await self._stream(request, api.words(asked, number), every=every)
            case Text() | Use():
                if asked.stream:
                    return await self._stream(request, api.stream(asked, reply, number))
                return web.json_response(api.plain(asked, reply, number))

    async def _stream(
        self, request: web.Request, pieces: Iterator[bytes] | list[bytes], every: float = 0.0
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            if self._closing.is_set():
                break
            await response.write(piece)
            await asyncio.sleep(every)
        return response

    def close(self) -> None:
        self._closing.set()


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """Listening until the block ends."""
    server = ModelServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/s/{scenario}/{rest:.*}", server.handle)
    app.router.add_route("*", "/s/{scenario}{rest:$}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        server.close()
        await runner.cleanup()


def _asked(path: str, body: Body, size: int) -> tuple[Asked, _Api] | tuple[None, None]:
    if path.endswith("/v1/messages"):
        return anthropic.asked(body, size), _ANTHROPIC
    if path.endswith("/responses"):
        return responses.asked(body, size), _RESPONSES
    if path.endswith("/chat/completions"):
        return chat.asked(body, size), _CHAT
    name, _, verb = path.rpartition("/")[2].partition(":")
    if verb in {"generateContent", "streamGenerateContent"}:
        streamed = verb == "streamGenerateContent"
        return gemini.asked(body, size, model=name, stream=streamed), _GEMINI
    return None, None


def _other(path: str, size: int) -> web.Response:
    """What programs ask beside: how long something is, and whether anybody is there."""
    if path.endswith("/count_tokens"):
        return web.json_response({"input_tokens": 1 + size // 4})
    if path.endswith(":countTokens"):
        return web.json_response({"totalTokens": 1 + size // 4})
    return web.json_response({"error": {"message": "there is nothing here"}}, status=404)


def _object(raw: bytes) -> Body:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
