"""The sinks of a run: they all hear every event, each in its own lane.

Two runs that share a sink share its lane, so it hears one event at a time from all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.agents.lane import Lane
from bot.agents.sinks import Sink
from bot.models import Event, RunSummary


class Audience:
    """The sinks of one run."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes

    async def send(self, agent: str, event: Event) -> None:
        """Tell every sink; only one that has no room is waited for."""
        for lane in [lane for lane in self._lanes if not lane.offer(agent, event)]:
            await lane.insist(agent, event)

    async def flush(self) -> None:
        await asyncio.gather(*(lane.flush() for lane in self._lanes))

    async def finish(self, summary: RunSummary) -> None:
        """Tell every sink the end, once, after everything else."""
        await asyncio.gather(*(lane.finish(summary) for lane in self._lanes))


_open: dict[int, Lane] = {}
"""Lanes in use by the identity of their sink (which the lane keeps alive)."""


@asynccontextmanager
async def attending(sinks: Sequence[Sink]) -> AsyncIterator[Audience]:
    """The sinks' lanes while inside; afterwards every sink has caught up, or was given time to."""
    lanes = [_enter(sink) for sink in sinks]
    audience = Audience(lanes)
    try:
        yield audience
    finally:
        try:
            await uninterrupted(audience.flush())
        finally:
            for sink, lane in zip(sinks, lanes, strict=True):
                _leave(sink, lane)


def _enter(sink: Sink) -> Lane:
    if id(sink) not in _open:
        _open[id(sink)] = Lane(sink)
    lane = _open[id(sink)]
    lane.users += 1
    return lane


def _leave(sink: Sink, lane: Lane) -> None:
    lane.users -= 1
    if not lane.users:
        _open.pop(id(sink), None)
        lane.close()


async def uninterrupted(work: Coroutine[Any, Any, object]) -> None:
    """Finish ``work`` even when cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
