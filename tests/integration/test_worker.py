"""From a stored delivery to jobs in the engine: nothing lost, nothing doubled."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import HarnessError
from bot.handlers.handler import handlers, needed_fields
from bot.models import Delivery, FieldValue
from bot.store import Store
from bot.webhook.delivery import DeliveryReader
from bot.worker import KEPT, Worker

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "samples" / "github-webhook-examples.json").read_text()
)
PUSH: dict[str, FieldValue] = {
    "installation.id": 7,
    "repository.full_name": "octo/shop",
    "pull_request.number": 3,
    "pull_request.head.sha": "a" * 40,
}


class Queue:
    """An engine that remembers, and that can be out of order for a while."""

    def __init__(self, failures=0):
        self.jobs = {}
        self.failures = failures

    async def enqueue(self, job_id, job):
        if self.failures:
            self.failures -= 1
            raise HarnessError("the engine's database is away")
        self.jobs[job_id] = job


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path / 'harness.sqlite'}")
    yield store
    await store.close()


@asynccontextmanager
async def working(store, queue):
    worker = Worker(store=store, queue=queue, handlers=handlers())
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def dispatched(store, delivery_id):
    async with asyncio.timeout(10):
        while True:
            stored = await store.delivery(delivery_id)
            if stored is not None and stored.dispatched_at is not None:
                return stored
            await asyncio.sleep(0.01)


async def test_a_delivery_becomes_jobs_named_after_it(store):
    queue = Queue()
    async with working(store, queue) as worker:
        await store.add_deliveries(
            [Delivery(id="d1", event="pull_request", action="opened", fields=PUSH)]
        )
        worker.wake()
        stored = await dispatched(store, "d1")
    assert stored.jobs == ("d1:0",)
    assert queue.jobs["d1:0"].recipe == "review"


async def test_what_was_stored_before_the_start_is_worked_on(store):
    queue = Queue()
    await store.add_deliveries(
        [
            Delivery(id=f"d{n}", event="pull_request", action="opened", fields=PUSH)
            for n in range(500)
        ]
    )
    async with working(store, queue):
        await dispatched(store, "d499")
    assert len(queue.jobs) == 500


async def test_a_delivery_that_cannot_be_read_costs_only_itself(store):
    queue = Queue()
    broken: dict[str, FieldValue] = {**PUSH, "pull_request.head.sha": None}
    async with working(store, queue):
        await store.add_deliveries(
            [
                Delivery(id="bad", event="pull_request", action="opened", fields=broken),
                Delivery(id="odd", event="moon_phase", action="full"),
                Delivery(id="good", event="pull_request", action="opened", fields=PUSH),
            ]
        )
        assert "pull_request.head.sha" in (await dispatched(store, "bad")).error
        assert (await dispatched(store, "odd")).error == ""
        assert (await dispatched(store, "good")).jobs == ("good:0",)
    assert set(queue.jobs) == {"good:0"}


async def test_a_webhook_that_is_not_the_apps_asks_for_nothing(store):
    queue = Queue()
    fields = {name: value for name, value in PUSH.items() if name != "installation.id"}
    async with working(store, queue):
        await store.add_deliveries(
            [Delivery(id="d1", event="pull_request", action="opened", fields=fields)]
        )
        assert (await dispatched(store, "d1")).error == ""
    assert queue.jobs == {}


async def test_deliveries_are_not_kept_for_ever(store):
    old = datetime.now(UTC) - KEPT - timedelta(hours=1)
    new = datetime.now(UTC) - KEPT + timedelta(hours=1)
    for name, when in (("old", old), ("new", new)):
        await store.add_deliveries([Delivery(id=name, event="ping", received_at=when)])
        await store.mark_dispatched(name, [])
    async with working(store, Queue()):
        async with asyncio.timeout(10):
            while await store.delivery("old") is not None:
                await asyncio.sleep(0.01)
    assert await store.delivery("new") is not None


async def test_an_engine_that_is_away_is_tried_again_and_nothing_is_lost(store, monkeypatch):
    monkeypatch.setattr("bot.worker.RETRY_SECONDS", 0.01)
    queue = Queue(failures=3)
    async with working(store, queue):
        await store.add_deliveries(
            [Delivery(id="d1", event="pull_request", action="opened", fields=PUSH)]
        )
        await dispatched(store, "d1")
    assert set(queue.jobs) == {"d1:0"}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event["name"])
async def test_everything_github_sends_is_dispatched_without_an_error(store, event):
    reader = DeliveryReader(needed_fields(handlers()))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    queue = Queue()
    for number, payload in enumerate(event["examples"]):
        headers = {"X-GitHub-Event": event["name"], "X-GitHub-Delivery": f"d{number}"}
        delivery = reader.read(headers, json.dumps(payload).encode(), now)
        await store.add_deliveries([delivery])
    async with working(store, queue):
        for number in range(len(event["examples"])):
            assert (await dispatched(store, f"d{number}")).error == ""
