"""A run's events as they come: server-sent events, JSON, and the rows that the page begins with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from aiohttp import web

from bot.agents.standing import Doing, Standing, heard
from bot.models import (
    AssistantText,
    Event,
    Finished,
    LoggedEvent,
    RunError,
    RunState,
    Started,
    Tokens,
    ToolCall,
)
from bot.models.text import visible
from bot.store import Store

PAGE = 500
"""Events in one answer, and in one look at the store."""
SHOWN = 2_000
"""Characters of one event; the log itself keeps all."""
POLL_SECONDS = 1.0
HEARTBEAT = 15
"""Polls without news after which a comment tells both sides that the connection lives."""
MAX_CLIENTS = 64
SLOW_SECONDS = 30.0
"""For a reader to take what it asked for; one that does not has its connection cut."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_UNFINISHED = (RunState.WAITING, RunState.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One agent on the page, before any script runs."""

    agent: str
    standing: Standing
    events: tuple[dict[str, Any], ...]

    @property
    def started(self) -> str:
        return _moment(self.standing.started)

    @property
    def ended(self) -> str:
        return _moment(self.standing.ended)

    @property
    def colour(self) -> str:
        """The class that `base.html` has a colour for."""
        return {Doing.READING: "running", Doing.DONE: "finished", Doing.FAILED: "failed"}.get(
            self.standing.doing, "soft"
        )


def rows(events: Sequence[LoggedEvent]) -> tuple[Row, ...]:
    """In the order in which the agents began."""
    standings: dict[str, Standing] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    for logged in events:
        before = standings.get(logged.agent, Standing())
        standings[logged.agent] = heard(before, logged.event, logged.at.timestamp())
        lists.setdefault(logged.agent, []).append(event_json(logged))
    return tuple(
        Row(agent=visible(agent), standing=standing, events=tuple(lists[agent]))
        for agent, standing in standings.items()
    )


def event_json(logged: LoggedEvent) -> dict[str, Any]:
    """Everything an agent wrote is visible text: a page shows it with ``textContent``."""
    kind, text = _told(logged.event)
    clipped = text if len(text) <= SHOWN else f"{text[:SHOWN]} …"
    shown = "\n".join(visible(line) for line in clipped.split("\n"))
    data = {
        "id": logged.seq,
        "agent": visible(logged.agent),
        "at": logged.at.isoformat(),
        "kind": kind,
        "text": shown,
    }
    # Of the whole event, which may be longer than what is shown, and as the terminal tells it.
    words = heard(Standing(), logged.event, 0.0).words
    if words:
        data["words"] = words
    if isinstance(logged.event, Tokens):
        data["tokens"] = logged.event.input + logged.event.output
    return data


def _told(event: Event) -> tuple[str, str]:
    match event:
        case Started():
            return "started", "began to read"
        case AssistantText(text=text):
            return "text", text
        case ToolCall(name=name, args=args):
            return "tool", f"{name} {args}".strip()
        case Tokens(input=sent, output=received):
            return "tokens", f"{sent:,} tokens in, {received:,} out"
        case Finished(success=success):
            return ("done", "finished") if success else ("failed", "did not finish")
        case RunError(message=message, warning=warning):
            return "warning" if warning else "failed", message
        case _:
            assert_never(event)


class Streams:
    """Open streams, at most `MAX_CLIENTS`; all of them end when the server stops."""

    def __init__(
        self, store: Store, *, poll: float = POLL_SECONDS, slow: float = SLOW_SECONDS
    ) -> None:
        self._store = store
        self._poll = poll
        self._slow = slow
        self._open = 0
        self._stopping = asyncio.Event()

    async def stop(self, _app: web.Application) -> None:
        self._stopping.set()

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Resumes after ``Last-Event-ID`` (or ``?after=``)."""
        run_id = request.match_info["id"]
        if await self._store.run(run_id) is None:
            raise web.HTTPNotFound(text="there is no such run")
        after = _number(request.headers.get("Last-Event-ID") or request.query.get("after", ""))
        if "application/json" in request.headers.get("Accept", ""):
            return await self._json(run_id, after)
        if self._open >= MAX_CLIENTS:
            raise web.HTTPServiceUnavailable(
                text="too many people are looking at runs", headers={"Retry-After": "10"}
            )
        self._open += 1
        try:
            return await self._stream(request, run_id, after)
        finally:
            self._open -= 1

    async def _json(self, run_id: str, after: int) -> web.Response:
        over = await self._over(run_id)
        events = await self._store.events(run_id, after, PAGE)
        last = events[-1].seq if events else after
        data = {
            "events": [event_json(logged) for logged in events],
            "last": last,
            "over": over and len(events) < PAGE,
        }
        return web.json_response(data)

    async def _stream(self, request: web.Request, run_id: str, after: int) -> web.StreamResponse:
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        async for data in self._messages(run_id, after):
            if not await self._taken(response.write(data)):
                if request.transport is not None:
                    request.transport.abort()
                break
        return response

    async def _messages(self, run_id: str, after: int) -> AsyncIterator[bytes]:
        quiet = 0
        while not self._stopping.is_set():
            # Asked first: what was written before the run ended is then in the events.
            over = await self._over(run_id)
            events = await self._store.events(run_id, after, PAGE)
            if events:
                yield b"".join(map(_message, events))
                after, quiet = events[-1].seq, 0
                continue
            if over:
                yield b"event: end\ndata: {}\n\n"
                return
            quiet += 1
            if quiet % HEARTBEAT == 1:
                yield b": waiting\n\n"
            await self._pause()

    async def _taken(self, work: Coroutine[Any, Any, None]) -> bool:
        """False for a reader who went away or takes too long; nobody waits for one when we stop."""
        writing = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait(
                {writing, stopping}, timeout=self._slow, return_when=asyncio.FIRST_COMPLETED
            )
            if not writing.done():
                return False
            await writing
            return True
        except ConnectionError:
            return False
        finally:
            writing.cancel()
            stopping.cancel()

    async def _pause(self) -> None:
        waiting = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({waiting}, timeout=self._poll)
        waiting.cancel()

    async def _over(self, run_id: str) -> bool:
        run = await self._store.run(run_id)
        return run is None or run.state not in _UNFINISHED


def _message(logged: LoggedEvent) -> bytes:
    return f"id: {logged.seq}\ndata: {json.dumps(event_json(logged))}\n\n".encode()


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
