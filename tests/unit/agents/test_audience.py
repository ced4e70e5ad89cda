import asyncio
import threading

import pytest
from typing_extensions import override

from bot.agents.audience import attending, uninterrupted
from bot.agents.sinks import Collect
from bot.models import AssistantText, Event

TEXT = AssistantText(text="x")


async def test_two_runs_that_share_a_sink_never_call_it_at_once() -> None:
    inside = threading.Semaphore(1)
    overlaps: list[str] = []

    class Careful(Collect):
        @override
        def agent_event(self, agent: str, event: Event) -> None:
            if not inside.acquire(blocking=False):
                overlaps.append(agent)
                return
            super().agent_event(agent, event)
            inside.release()

    sink = Careful()

    async def one(name: str) -> None:
        async with attending([sink]) as audience:
            for _ in range(500):
                await audience.send(name, TEXT)
                await asyncio.sleep(0)

    await asyncio.gather(*(one(name) for name in "abc"))

    assert overlaps == []
    assert {name: len(sink.of(name)) for name in "abc"} == dict.fromkeys("abc", 500)


async def test_lanes_end_with_the_last_run_that_uses_them() -> None:
    sink = Collect()
    async with attending([sink]):
        async with attending([sink]):
            inner = [thread for thread in threading.enumerate() if thread.name == "sink Collect"]
        assert len(inner) == 1
        assert inner[0].is_alive()
    await asyncio.to_thread(inner[0].join, 5)

    assert not inner[0].is_alive()


async def test_work_that_must_not_be_interrupted_is_finished_first() -> None:
    release, done = asyncio.Event(), []

    async def work() -> None:
        await release.wait()
        done.append(True)

    task = asyncio.create_task(uninterrupted(work()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    release.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]
