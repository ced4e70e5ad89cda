"""Webhook deliveries: signed, posted, recorded, redelivered on request, lost on demand."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from typing import Any

import httpx

from bot.clock import Clock
from bot.demo.faults import Faults
from bot.demo.state import Delivery, State

PATIENCE = 10.0
"""Seconds that GitHub waits for a webhook's answer."""
KEPT_ANSWER = 1000
STATUS = {200: "OK", 202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
          413: "Payload Too Large", 500: "Internal Server Error", 502: "Bad Gateway",
          503: "Service Unavailable"}  # fmt: skip


class Deliveries:
    """Posts to ``url``; without one nothing is sent, and nothing is recorded."""

    def __init__(
        self, state: State, *, clock: Clock, secret: str, app_id: int, faults: Faults
    ) -> None:
        self.url = ""
        self._state = state
        self._clock = clock
        self._secret = secret
        self._app_id = app_id
        self._faults = faults
        self._tasks: set[asyncio.Task[Delivery]] = set()
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def send(self, event: str, payload: dict[str, Any]) -> None:
        """Deliver in the background, as GitHub does; `settled` waits for it."""
        if not self.url or self._http is None:
            return
        self._spawn(self._new(event, payload), self._faults.copies(event, payload))

    async def settled(self) -> None:
        """Until everything sent so far was answered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """The same payload under the same guid, once more."""
        again = self._record(delivery.event, delivery.payload, delivery.guid, redelivery=True)
        self._spawn(again, 1)
        return again

    def find(self, delivery_id: int) -> Delivery | None:
        return next((d for d in self._state.deliveries if d.id == delivery_id), None)

    def sign(self, body: bytes) -> dict[str, str]:
        """Both signatures, as GitHub sends them."""
        key = self._secret.encode()
        return {
            "X-Hub-Signature": f"sha1={hmac.new(key, body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}",
        }

    def _new(self, event: str, payload: dict[str, Any]) -> Delivery:
        return self._record(event, payload, str(uuid.uuid4()), redelivery=False)

    def _record(
        self, event: str, payload: dict[str, Any], guid: str, *, redelivery: bool
    ) -> Delivery:
        delivery = Delivery(
            id=self._state.new_id(),
            guid=guid,
            event=event,
            payload=payload,
            headers={
                "Accept": "*/*",
                "Content-Type": "application/json",
                "User-Agent": "GitHub-Hookshot/044aadd",
                "X-GitHub-Delivery": guid,
                "X-GitHub-Event": event,
                "X-GitHub-Hook-ID": "1",
                "X-GitHub-Hook-Installation-Target-ID": str(self._app_id),
                "X-GitHub-Hook-Installation-Target-Type": "integration",
            },
            delivered_at=self._clock.now(),
            redelivery=redelivery,
        )
        self._state.deliveries.append(delivery)
        return delivery

    def _spawn(self, delivery: Delivery, copies: int) -> None:
        task = asyncio.create_task(self._post(delivery, copies))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, delivery: Delivery, copies: int) -> Delivery:
        body = json.dumps(delivery.payload, separators=(",", ":")).encode()
        delivery.headers.update(self.sign(body))
        if copies == 0:
            delivery.status_code, delivery.status = 502, "failed to connect to host"
        for _ in range(copies):
            await self._attempt(delivery, body)
        return delivery

    async def _attempt(self, delivery: Delivery, body: bytes) -> None:
        if self._http is None:
            return
        began = self._clock.monotonic()
        try:
            answer = await self._http.post(self.url, content=body, headers=delivery.headers)
        except httpx.TimeoutException:
            delivery.status_code, delivery.status = 504, "timed out"
        except httpx.HTTPError:
            delivery.status_code, delivery.status = 502, "failed to connect to host"
        else:
            delivery.status_code = answer.status_code
            known = STATUS.get(answer.status_code, answer.reason_phrase)
            good = answer.status_code < 400
            delivery.status = "OK" if good else f"Invalid HTTP Response: {answer.status_code}"
            delivery.response = answer.text[:KEPT_ANSWER] or known
        delivery.duration = round(self._clock.monotonic() - began, 3)
