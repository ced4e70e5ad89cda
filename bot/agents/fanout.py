"""Runs agents at the same time and tells the sinks: `run_agents`, and `run_agent` for one.

One agent's failure, in whatever way, is an `AgentRun` with a reason and touches no other.
Cancellation ends every process group, still tells the sinks that the run is over, and is raised
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType

from bot.agents.attempt import ENRICH_SECONDS, Attempt
from bot.agents.audience import Audience, attending, uninterrupted
from bot.agents.reviewer import AgentReviewer
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.guard import Failed, guard
from bot.models import AgentRun, RunConfig, RunSummary

TIMEOUT = 900.0
_NONE: Mapping[str, float] = MappingProxyType({})


async def run_agent(
    name: str,
    reviewer: AgentReviewer,
    config: RunConfig,
    sinks: Sequence[Sink],
    *,
    timeout: float,  # noqa: ASYNC109  # being over it is an outcome, not an exception
    idle_timeout: float | None = None,
    clock: Clock,
) -> AgentRun:
    """One agent from start to outcome. Sinks hear its events; `finish_run` tells them the end."""
    async with attending(sinks) as audience:
        attempt = Attempt(name, reviewer, config, audience, timeout, idle_timeout, clock)
        await attempt.run()
    return attempt.recorder.result()


async def run_agents(
    reviewers: Mapping[str, AgentReviewer],
    configs: Mapping[str, RunConfig],
    sinks: Sequence[Sink],
    *,
    timeouts: Mapping[str, float] = _NONE,
    idle_timeouts: Mapping[str, float] = _NONE,
    clock: Clock,
) -> RunSummary:
    """All agents at once; returns when every one has its outcome and the sinks know."""
    started_at = clock.now()
    async with attending(sinks) as audience:
        attempts = [
            Attempt(
                name,
                reviewer,
                configs.get(name, RunConfig()),
                audience,
                timeouts.get(name, TIMEOUT),
                idle_timeouts.get(name),
                clock,
            )
            for name, reviewer in reviewers.items()
        ]
        cancelled = await _all([attempt.run() for attempt in attempts])
        summary = RunSummary(
            started_at=started_at,
            finished_at=clock.now(),
            cancelled=cancelled is not None,
            agent_runs=tuple(attempt.recorder.result() for attempt in attempts),
        )
        ended = _Ending(summary, configs)
        await uninterrupted(ended.tell(audience))
    if cancelled is not None:
        raise cancelled
    return ended.summary


async def finish_run(sinks: Sequence[Sink], summary: RunSummary) -> None:
    """Tell the sinks that a run made of single `run_agent` calls is over."""
    async with attending(sinks) as audience:
        await uninterrupted(audience.finish(summary))


async def _all(works: Sequence[Awaitable[None]]) -> asyncio.CancelledError | None:
    """Wait for all; a cancellation cancels each, waits until they ended, and is returned."""
    tasks = [asyncio.ensure_future(work) for work in works]
    if not tasks:
        return None
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError as error:
        for task in tasks:
            task.cancel()
        ended = asyncio.gather(*tasks, return_exceptions=True)
        while not ended.done():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError:  # asked twice; the first is raised in the end
                continue
        return error
    for task in tasks:
        task.result()
    return None


class _Ending:
    """The last part of a run: enrich the summary once, then tell it."""

    def __init__(self, summary: RunSummary, configs: Mapping[str, RunConfig]) -> None:
        self.summary = summary
        hooks = [c.enrich_summary for c in configs.values() if c.enrich_summary is not None]
        self._hook = hooks[0] if hooks else None

    async def tell(self, audience: Audience) -> None:
        if self._hook is not None:
            work = asyncio.wait_for(self._hook(self.summary), ENRICH_SECONDS)
            enriched = await guard("agents.enrich_summary", work)
            if not isinstance(enriched, Failed):
                self.summary = enriched
        await audience.finish(self.summary)
