"""Every event handler: reads only what it declares, and survives whatever is sent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from bot.handlers.handler import COMMON_FIELDS, handlers, needed_fields
from bot.jobs.recipes import HOUSE
from bot.models import Delivery, FieldMissing
from bot.tasks import recipes
from bot.webhook.delivery import DeliveryReader

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "samples" / "github-webhook-examples.json").read_text()
)
ALL = sorted(handlers().items())
ACTIONS = [
    "opened", "reopened", "synchronize", "ready_for_review", "edited", "closed", "created",
    "rerequested", "checks_requested", "deleted", "removed", "added", "", "made-up",
]  # fmt: skip


class Watched(dict[str, Any]):
    """Remembers which fields were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    @override
    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


HANDLERS = pytest.mark.parametrize(
    "handler", [handler for _, handler in ALL], ids=[name for name, _ in ALL]
)


@HANDLERS
def test_it_is_named_after_its_event(handler):
    assert handlers()[handler.name] is handler


@HANDLERS
@pytest.mark.parametrize("action", ACTIONS)
def test_it_reads_only_what_it_declares(handler, action):
    values: dict[str, Any] = dict.fromkeys((*COMMON_FIELDS, *handler.fields), 7)
    values |= {path: "text" for path in values if not path.endswith(("id", "number"))}
    values |= {path: ["octo/shop"] for path in values if "[]" in path}
    values |= {"comment.body": "/harness review", "check_run.name": "harness"}
    fields = Watched(values)
    for job in handler.jobs(Delivery(id="d", event=handler.name, action=action, fields=fields)):
        assert HOUSE.newest(job.recipe).name == job.recipe
    assert fields.asked <= {*COMMON_FIELDS, *handler.fields}
    assert recipes.__all__


@HANDLERS
def test_github_examples_of_the_event_are_taken(handler):
    reader = DeliveryReader(needed_fields(handlers()))
    examples = [e for group in EXAMPLES if group["name"] == handler.name for e in group["examples"]]
    for payload in examples:
        headers = {"X-GitHub-Event": handler.name, "X-GitHub-Delivery": "d"}
        delivery = reader.read(
            headers, json.dumps(payload).encode(), datetime(2026, 1, 1, tzinfo=UTC)
        )
        if delivery.get("installation.id") is not None:
            handler.jobs(delivery)


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.lists(st.integers() | st.text(max_size=5), max_size=3)
)


@HANDLERS
@given(data=st.data())
def test_a_hostile_delivery_is_a_list_of_jobs_or_a_missing_field(handler, data):
    paths = [*COMMON_FIELDS, *handler.fields]
    fields = data.draw(st.dictionaries(st.sampled_from(paths), VALUES))
    action = data.draw(st.sampled_from(ACTIONS))
    delivery = Delivery(id="d", event=handler.name, action=action, fields=fields)
    try:
        jobs = handler.jobs(delivery)
    except FieldMissing:
        return
    assert isinstance(jobs, list)
