"""One thread writes what came in meanwhile; nobody is told more than what happened."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot import guard
from bot.errors import TryLater
from bot.models import Delivery
from bot.webhook import writer as writer_module
from bot.webhook.writer import MAX_AGE_SECONDS, DeliveryWriter


class Memory:
    """A table whose inserts wait for `open`, and fail with what was put in ``error``."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None
        self.closed = False

    def insert(self, batch: Sequence[Delivery]) -> None:
        assert self.open.wait(10)
        if self.error is not None:
            raise self.error
        self.batches.append([delivery.id for delivery in batch])

    @property
    def written(self) -> list[str]:
        return [name for batch in self.batches for name in batch]

    def close(self) -> None:
        self.closed = True


def delivery(number: int) -> Delivery:
    return Delivery(id=str(number), event="ping")


@asynccontextmanager
async def started(table: Memory, **options: Any) -> AsyncIterator[DeliveryWriter]:
    writer = DeliveryWriter("unused", table=lambda: table, **options)
    await writer.start()
    try:
        yield writer
    finally:
        table.open.set()
        await writer.stop()


async def test_what_arrives_during_a_commit_is_the_next_batch() -> None:
    table = Memory()
    table.open.clear()
    woken: list[int] = []
    async with started(table, on_stored=lambda: woken.append(len(table.batches))) as writer:
        tasks = [asyncio.create_task(writer.write(delivery(n))) for n in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        table.open.set()
        await asyncio.gather(*tasks)
    assert table.batches == [["0"], ["1", "2", "3", "4"]]
    assert woken == [1, 2]
    assert table.closed


async def test_a_batch_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MAX_BATCH", 3)
    table = Memory()
    async with started(table) as writer:
        await asyncio.gather(*(writer.write(delivery(n)) for n in range(10)))
    assert [len(batch) for batch in table.batches] == [1, 3, 3, 3]
    assert table.written == [str(n) for n in range(10)]


async def test_a_batch_that_fails_is_told_to_all_and_the_next_one_is_tried() -> None:
    table = Memory()
    table.error = OSError("disk full at /secret/place")
    guard.failures.clear()
    async with started(table) as writer:
        answers = await asyncio.gather(
            *(writer.write(delivery(n)) for n in range(3)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [TryLater] * 3
        assert "secret" not in str(answers[0])
        assert guard.failures["webhook.store"] == 2
        table.error = None
        await writer.write(delivery(4))
    assert table.batches == [["4"]]


async def test_too_many_waiting_are_refused_at_once() -> None:
    table = Memory()
    table.open.clear()
    async with started(table, max_waiting=2) as writer:
        tasks = [asyncio.create_task(writer.write(delivery(n))) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TryLater, match="too many"):
            await writer.write(delivery(3))
        table.open.set()
        await asyncio.gather(*tasks)
    assert table.written == ["0", "1", "2"]


async def test_nobody_waits_longer_than_the_limit_for_a_write_that_hangs() -> None:
    table = Memory()
    table.open.clear()
    committed = asyncio.Event()
    async with started(table, max_age=0.05, on_stored=committed.set) as writer:
        answers = await asyncio.gather(
            *(writer.write(delivery(n)) for n in range(3)), return_exceptions=True
        )
        assert [str(answer) for answer in answers] == ["the database takes too long"] * 3
        with pytest.raises(TryLater, match="takes too long"):
            await writer.write(delivery(3))
        table.open.set()
        await committed.wait()
        await writer.write(delivery(4))
    assert table.batches == [["0"], ["4"]]  # what was refused while it waited is not written


async def test_the_limit_counts_for_each_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Memory()
    table.open.clear()
    async with started(table, max_age=10.0) as writer:
        loop = asyncio.get_running_loop()
        start = loop.time()
        first = asyncio.create_task(writer.write(delivery(1)))
        await asyncio.sleep(0)
        monkeypatch.setattr(loop, "time", lambda: start + 6.0)
        second = asyncio.create_task(writer.write(delivery(2)))
        await asyncio.sleep(0)
        monkeypatch.setattr(loop, "time", lambda: start + 11.0)
        with pytest.raises(TryLater, match="takes too long"):
            await first
        assert not second.done()
        monkeypatch.setattr(loop, "time", lambda: start + 17.0)
        with pytest.raises(TryLater, match="takes too long"):
            await second
        monkeypatch.undo()


async def test_a_client_that_went_away_costs_nobody_else() -> None:
    table = Memory()
    table.open.clear()
    async with started(table) as writer:
        tasks = [asyncio.create_task(writer.write(delivery(n))) for n in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.sleep(0)
        table.open.set()
        await tasks[2]
    assert table.batches == [["0"], ["1", "2"]]


async def test_stopping_writes_what_waits_and_takes_nothing_new() -> None:
    table = Memory()
    table.open.clear()
    async with started(table) as writer:
        tasks = [asyncio.create_task(writer.write(delivery(n))) for n in range(3)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(writer.stop())
        await asyncio.sleep(0)
        with pytest.raises(TryLater, match="stopping"):
            await writer.write(delivery(3))
        table.open.set()
        await stopping
        await asyncio.gather(*tasks)
        assert table.written == ["0", "1", "2"]
        assert table.closed


async def test_stopping_does_not_wait_for_a_write_that_hangs() -> None:
    table = Memory()
    table.open.clear()
    async with started(table, max_age=0.05) as writer:
        waiting = asyncio.create_task(writer.write(delivery(1)))
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await writer.stop()
        with pytest.raises(TryLater):
            await waiting


def test_the_limit_leaves_the_sender_time_to_hear_of_it() -> None:
    assert MAX_AGE_SECONDS == 5.0
    assert writer_module.BUSY_SECONDS < MAX_AGE_SECONDS
