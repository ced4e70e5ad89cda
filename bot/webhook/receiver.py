"""Decides what a delivery is answered: verified, read, stored, and only then accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.clock import Clock, SystemClock
from bot.errors import TryLater
from bot.log import logger
from bot.models import Delivery
from bot.webhook import signature
from bot.webhook.delivery import DeliveryReader
from bot.webhook.payload import NotAPayload, Parse

MAX_BODY = 25 * 1024 * 1024
"""GitHub's own cap."""

LARGE_BODY = 1024 * 1024
"""From here on hashing and parsing would hold up everybody else: they move to a thread."""

_QUIET_SECONDS = 10.0

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, and words for whoever looks at the delivery on GitHub."""

    status: int
    text: str
    retry_after: float = 0.0


ACCEPTED = Answer(202, "stored\n")
WRONG_METHOD = Answer(405, "deliveries are sent with POST\n")
TOO_LARGE = Answer(413, "a delivery has at most 25 MB\n")
TRUNCATED = Answer(400, "the body is incomplete\n")
UNSIGNED = Answer(401, "the delivery has no SHA-256 signature\n")
WRONG_SIGNATURE = Answer(401, "the signature is not the one of this body and secret\n")


class Writer(Protocol):
    """The part of `bot.webhook.writer.DeliveryWriter` that is needed here."""

    async def write(self, delivery: Delivery) -> None: ...


class Receiver:
    """Knows the secret and the fields to keep. Holds no state of a request."""

    def __init__(
        self,
        *,
        secret: str,
        fields: Collection[str],
        writer: Writer,
        clock: Clock | None = None,
        parse: Parse | None = None,
    ) -> None:
        if not secret:
            raise ValueError("no secret, no server")
        self._secret = secret.encode()
        self._reader = DeliveryReader(fields, parse)
        self._writer = writer
        self._clock = clock or SystemClock()
        self._refusals = _Refusals(self._clock)

    async def receive(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to a whole request. 202 only for what is on disk."""
        if len(body) < LARGE_BODY:
            read = self._read(headers, body)
        else:
            read = await asyncio.to_thread(self._read, headers, body)
        if isinstance(read, Answer):
            return self.refuse(read)
        try:
            await self._writer.write(read)
        except TryLater as error:
            return self.refuse(Answer(503, f"{error.message}\n", error.seconds))
        return ACCEPTED

    def refuse(self, answer: Answer) -> Answer:
        """Note it; the same answer again."""
        self._refusals.note(answer)
        return answer

    def _read(self, headers: Mapping[str, str], body: bytes) -> Delivery | Answer:
        signed = headers.get(signature.HEADER)
        if not signed:
            return UNSIGNED
        if not signature.verify(self._secret, body, signed):
            return WRONG_SIGNATURE
        try:
            return self._reader.read(headers, body, self._clock.now())
        except NotAPayload as error:
            return Answer(400, f"{error.message}\n")


class _Refusals:
    """One line for many: whoever sends garbage must not fill the log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quiet_until: dict[int, float] = {}
        self._unsaid: dict[int, int] = {}

    def note(self, answer: Answer) -> None:
        now, status = self._clock.monotonic(), answer.status
        if now < self._quiet_until.get(status, 0.0):
            self._unsaid[status] = self._unsaid.get(status, 0) + 1
            return
        self._quiet_until[status] = now + _QUIET_SECONDS
        _log.warning(
            "delivery.refused",
            status=status,
            reason=answer.text.strip(),
            before=self._unsaid.pop(status, 0),
        )
