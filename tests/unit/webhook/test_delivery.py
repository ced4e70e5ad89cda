"""Headers and body become a delivery, or a reason why not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.handlers.handler import handlers, needed_fields
from bot.models import Delivery
from bot.webhook.delivery import DeliveryReader
from bot.webhook.fields import FieldTree
from bot.webhook.payload import NotAPayload, msgspec_parser, parse_json

NOW = datetime(2026, 11, 21, tzinfo=UTC)
HEADERS = {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
SAMPLES = Path(__file__).parents[2] / "samples" / "github-webhook-examples.json"
EXAMPLES = [
    pytest.param(kind["name"], example, id=f"{kind['name']}-{number}")
    for kind in json.loads(SAMPLES.read_text())
    for number, example in enumerate(kind["examples"])
]


def read(body: bytes, *fields: str, headers: dict[str, str] = HEADERS) -> Delivery:
    return DeliveryReader(fields).read(headers, body, NOW)


def test_a_delivery() -> None:
    body = b'{"action":"opened","number":4,"repository":{"full_name":"o/r","id":1}}'
    assert read(body, "number", "repository.full_name", "sender.login") == Delivery(
        id=HEADERS["X-GitHub-Delivery"],
        event="ping",
        action="opened",
        fields={"number": 4, "repository.full_name": "o/r"},
        received_at=NOW,
    )


@pytest.mark.parametrize("action", ["null", "7", '["opened"]', '{"a":1}'])
def test_an_action_that_is_no_text_is_none(action: str) -> None:
    assert read(f'{{"action":{action}}}'.encode()).action == ""
    assert read(b"{}").action == ""


def test_the_action_is_a_field_too_if_it_is_declared() -> None:
    assert read(b'{"action":"opened"}', "action").fields == {"action": "opened"}
    assert read(b'{"action":"opened"}').fields == {}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", [None, "", " ", "a b", "a\n", "ä", "\udcff", "x" * 101])
def test_a_header_that_is_no_name_is_refused(name: str, value: str | None) -> None:
    headers = {k: v for k, v in (HEADERS | {name: value}).items() if v is not None}
    with pytest.raises(NotAPayload, match=name):
        read(b"{}", headers=headers)


@pytest.mark.parametrize("body", [b"", b"[]", b"x=1", b'{"a":"\xff"}', '{"a":1}'.encode("utf-16")])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(NotAPayload):
        read(body)


@pytest.mark.parametrize(("event", "example"), EXAMPLES)
def test_both_parsers_read_githubs_examples_alike(event: str, example: dict[str, Any]) -> None:
    fields = needed_fields(handlers())
    body = json.dumps(example).encode()
    headers = HEADERS | {"X-GitHub-Event": event}
    fast = msgspec_parser(FieldTree.of({*fields, "action"}))
    slow_read = DeliveryReader(fields, parse_json).read(headers, body, NOW)
    assert DeliveryReader(fields, fast).read(headers, body, NOW) == slow_read
    assert slow_read.action == example.get("action", "")
    assert slow_read.get("sender.login") == example.get("sender", {}).get("login")
