"""What a request is answered, decided without a network."""

from __future__ import annotations

import hashlib
import hmac
import threading
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bot.errors import TryLater
from bot.models import Delivery
from bot.webhook import signature
from bot.webhook.receiver import LARGE_BODY, TOO_LARGE, Receiver

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class FixedClock:
    seconds = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


class Memory:
    def __init__(self, error: TryLater | None = None) -> None:
        self.written: list[Delivery] = []
        self.error = error

    async def write(self, delivery: Delivery) -> None:
        if self.error is not None:
            raise self.error
        self.written.append(delivery)


def headers(body: bytes, secret: bytes = b"secret", **changes: str) -> dict[str, str]:
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "d1",
        "X-Hub-Signature-256": f"sha256={digest}",
    } | {name.replace("_", "-"): value for name, value in changes.items()}


def receiver(writer: Memory, clock: FixedClock | None = None) -> Receiver:
    return Receiver(secret="secret", fields=["zen"], writer=writer, clock=clock or FixedClock())


async def test_what_is_stored_is_accepted() -> None:
    writer = Memory()
    body = b'{"zen":"Keep it logically awesome."}'
    answer = await receiver(writer).receive(headers(body), body)
    assert answer.status == 202
    assert writer.written == [
        Delivery(
            id="d1", event="ping", fields={"zen": "Keep it logically awesome."}, received_at=NOW
        )
    ]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 401),
        ({"X-Hub-Signature": "sha1=" + hmac.new(b"secret", b"{}", "sha1").hexdigest()}, 401),
        (headers(b"{}", b"wrong"), 401),
        (headers(b"{} "), 401),
        (headers(b"{}", X_GitHub_Event=""), 400),
        (headers(b"{}", X_GitHub_Delivery="a b"), 400),
    ],
)
async def test_what_is_not_right_is_refused_and_not_stored(
    given: dict[str, str], status: int
) -> None:
    writer = Memory()
    answer = await receiver(writer).receive(given, b"{}")
    assert (answer.status, writer.written) == (status, [])


async def test_the_signature_is_looked_at_before_the_body() -> None:
    writer = Memory()
    assert (await receiver(writer).receive(headers(b"{}"), b"not json")).status == 401
    assert (await receiver(writer).receive(headers(b"not json"), b"not json")).status == 400


async def test_what_cannot_be_stored_is_not_accepted() -> None:
    answer = await receiver(Memory(TryLater("too many wait", 30.0))).receive(headers(b"{}"), b"{}")
    assert (answer.status, answer.text, answer.retry_after) == (503, "too many wait\n", 30.0)


async def test_a_large_body_is_read_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    verify = signature.verify

    def spy(secret: bytes, body: bytes, signed: str) -> bool:
        threads.append(threading.current_thread())
        return verify(secret, body, signed)

    monkeypatch.setattr(signature, "verify", spy)
    writer = Memory()
    for size in (LARGE_BODY - 1, LARGE_BODY):
        body = b'{"zen":"' + b"x" * (size - 10) + b'"}'
        assert (await receiver(writer).receive(headers(body), body)).status == 202
    assert [thread is threading.main_thread() for thread in threads] == [True, False]


def test_no_secret_no_server() -> None:
    with pytest.raises(ValueError, match="no secret"):
        Receiver(secret="", fields=[], writer=Memory())


async def test_many_refusals_are_one_line() -> None:
    clock = FixedClock()
    door = receiver(Memory(), clock)
    with capture_logs() as logs:
        for _ in range(50):
            await door.receive({}, b"{}")
        door.refuse(TOO_LARGE)
        clock.seconds = 11.0
        await door.receive({}, b"{}")
    assert [(line["event"], line["status"], line["before"]) for line in logs] == [
        ("delivery.refused", 401, 0),
        ("delivery.refused", 413, 0),
        ("delivery.refused", 401, 49),
    ]
