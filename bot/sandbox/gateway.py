"""A model's API for one fenced process: its token in, the real key out, and every call counted.

The real key is in this process only. What comes from the fence is hostile: the vendor is asked for
nothing but answers (`bot.sandbox.calls`), at one address, and never follows where it is sent. An
answer passes piece by piece as it comes.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from io import BytesIO
from typing import TypeVar

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from bot.errors import HarnessError, OverBudget
from bot.log import logger
from bot.models import ModelUsage, Purse, Ticket
from bot.sandbox.calls import Call, Refused, read_call, refusal
from bot.sandbox.uplink import ModelApi
from bot.sandbox.usage import UsageReader

MAX_BODY = 32 * 1024 * 1024
CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 240.0
"""The longest pause in an answer. Every vendor's stream tells more often that it goes on; less
than an agent's own idle time, so that its failure names the model's silence."""
BYTES_OF_TOKEN = 3
"""A token is seldom shorter: what a request may use at the most is reckoned with it."""
LARGE = 256 * 1024
"""Bytes of a request from which it is read beside everything else that goes on here."""
MAX_CALLS = 16
"""Of one process at once; the next ones wait, so that their bodies do not pile up here."""
BEAT_SECONDS = 1.0
UNREACHABLE = "the model cannot be reached"

_KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_QUERY = frozenset({"alt", "beta"})
_PASSED = frozenset(
    {"accept", "anthropic-version", "content-type", "openai-beta", "user-agent"}
    | {"anthropic-dangerous-direct-browser-access"}
)
_PASSED_PREFIXES = ("x-stainless-", "x-goog-api-client")
_BETAS = "anthropic-beta"
_FOREIGN_BETA = re.compile(r"agent|batch|code-execution|container|fast|files|mcp|skills|web-")
"""What these turn on runs at the vendor's, is kept there, or costs more than the lists say."""
_RETURNED = frozenset(
    {"content-type", "retry-after", "request-id", "x-request-id", "x-should-retry"}
)
_RETURNED_PREFIXES = ("anthropic-ratelimit-", "x-ratelimit-")

T = TypeVar("T")

_log = logger(__name__)


class Gateway:
    """Serves one `ModelApi`."""

    def __init__(self, api: ModelApi, session: aiohttp.ClientSession) -> None:
        self._api = api
        self._session = session
        self._free = asyncio.Semaphore(MAX_CALLS)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if not self._knows(request):
            return self._refuse(401, "this is not the token of this run")
        async with self._free:
            return await self._answered(request)

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, f"a request has more than {MAX_BODY} bytes")
        try:
            # The path as it is sent on: what is written in another way is another call.
            path = request.rel_url.raw_path
            work = partial(read_call, self._api.dialect, request.method, path, body)
            call = await asyncio.to_thread(work) if len(body) > LARGE else work()
        except Refused as error:
            _log.warning("gateway.refused", reason=str(error))
            return self._refuse(400, f"refused: {error}")
        if call is None:
            return self._refuse(404, "there is no such call here")
        return await self._admitted(request, call, body)

    async def _admitted(self, request: web.Request, call: Call, body: bytes) -> web.StreamResponse:
        purse = self._api.purse if call.paid else None
        if purse is None:
            return await self._forward(request, call, body, None)
        try:
            ticket = await self._waited(
                purse.admit(
                    call.model,
                    input_tokens=-(-len(body) // BYTES_OF_TOKEN),
                    output_tokens=call.output_tokens,
                )
            )
        except OverBudget as error:
            # No status that programs try again, and the words in the body: one vendor's program
            # shows no other.
            return self._refuse(400, _begun("over budget", error.message))
        except HarnessError as error:
            return self._refuse(503, error.message)
        return await self._forward(request, call, body, _Account(purse, ticket))

    async def _waited(self, work: Awaitable[T]) -> T:
        """Its program is silent meanwhile because we keep it waiting, not because it hangs."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=BEAT_SECONDS))[0]:
                self._api.pulse.beat()
            return task.result()
        finally:
            task.cancel()

    async def _forward(
        self, request: web.Request, call: Call, body: bytes, account: _Account | None
    ) -> web.StreamResponse:
        usage: ModelUsage | None = None
        try:
            async with self._asked(request, body) as answer:
                reader = UsageReader(self._api.dialect, answer.content_type, call.model)
                try:
                    return await self._pass_on(request, answer, reader)
                finally:
                    usage = reader.result()
                    if usage is None and answer.status >= 400:
                        # An error is not paid for.
                        usage = ModelUsage(model=call.model)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            usage = ModelUsage(model=call.model)  # nobody was asked
            return self._refuse(502, f"{UNREACHABLE}: {_reason(error)}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self._api.pulse.beat()  # its program was kept waiting, and may ask again
            return self._refuse(502, f"the model's answer broke off: {_reason(error)}")
        finally:
            if account is not None:
                await account.settle(usage)

    @asynccontextmanager
    async def _asked(
        self, request: web.Request, body: bytes
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._session.request(
            request.method,
            self._address(request),
            data=BytesIO(body) if body else None,
            headers=self._headers(request.headers),
            allow_redirects=False,
        ) as answer:
            yield answer

    def _address(self, request: web.Request) -> URL:
        """``base_url`` and the path as it came; of the query what says how to answer."""
        base = URL(self._api.base_url)
        query = {name: value for name, value in request.query.items() if name in _QUERY}
        path = f"{base.raw_path.rstrip('/')}{request.rel_url.raw_path}"
        return base.with_path(path, encoded=True).with_query(query)

    def _headers(self, given: Mapping[str, str]) -> CIMultiDict[str]:
        kept = CIMultiDict(
            (name, value)
            for name, value in given.items()
            if name.lower() in _PASSED or name.lower().startswith(_PASSED_PREFIXES)
        )
        betas = [name.strip() for name in given.get(_BETAS, "").split(",")]
        if betas := [name for name in betas if name and not _FOREIGN_BETA.search(name)]:
            kept[_BETAS] = ",".join(betas)
        kept["Accept-Encoding"] = "identity"  # usage is read in passing
        if "Content-Type" in kept:
            kept["Content-Type"] = "application/json"  # what was checked is what is sent
        kept.update(self._api.key_headers())
        return kept

    async def _pass_on(
        self, request: web.Request, answer: aiohttp.ClientResponse, reader: UsageReader
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status)
        for name, value in answer.headers.items():
            if name.lower() in _RETURNED or name.lower().startswith(_RETURNED_PREFIXES):
                response.headers[name] = value
        await response.prepare(request)
        try:
            async for chunk in answer.content.iter_any():
                reader.feed(chunk)
                self._api.pulse.beat()
                await response.write(chunk)
            await response.write_eof()
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            # A part of an answer must not look like a whole one.
            _log.warning("gateway.broken", reason=_reason(error))
            if request.transport is not None:
                request.transport.abort()
        return response

    def _knows(self, request: web.Request) -> bool:
        shown = [request.headers.get(name, "") for name in _KEY_HEADERS]
        shown.append(request.query.get("key", ""))
        token = self._api.token.encode()
        said = [text.removeprefix("Bearer ").encode("utf-8", "replace") for text in shown if text]
        return any(hmac.compare_digest(word, token) for word in said)

    def _refuse(self, status: int, message: str) -> web.Response:
        return web.json_response(refusal(self._api.dialect, message, status), status=status)


class _Account:
    """A call's ticket, settled once."""

    def __init__(self, purse: Purse, ticket: Ticket) -> None:
        self._purse = purse
        self._ticket = ticket

    async def settle(self, usage: ModelUsage | None) -> None:
        await self._purse.settle(self._ticket, usage)


@asynccontextmanager
async def serving(api: ModelApi) -> AsyncIterator[web.AppRunner]:
    """A runner for one process's calls; add a site to it. Nothing is open afterwards."""
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
    )
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=timeout,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        )
        runner = web.AppRunner(
            Gateway(api, session).application(),
            access_log=None,
            handler_cancellation=True,  # whoever hangs up asks for no more
            shutdown_timeout=1.0,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        yield runner


def _begun(word: str, message: str) -> str:
    return message if message.startswith(word) else f"{word}: {message}"


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
