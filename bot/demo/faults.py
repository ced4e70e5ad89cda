"""Trouble on demand: what tests let the embedded GitHub do wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True, slots=True)
class Fault:
    """Applies to the next ``times`` requests whose method and path (below the API) match.

    ``status``: answered instead of the endpoint's own answer; None breaks the connection.
    ``after``: the request is carried out first, and only its answer is lost.
    """

    method: str = "*"
    path: str = ".*"
    """A regular expression for the whole path, such as ``/repos/.*/reviews``."""
    status: int | None = None
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    times: int = 1

    def take(self, method: str, path: str) -> bool:
        """Whether it strikes this request; a fault is used up by striking."""
        fits = self.method in ("*", method) and re.fullmatch(self.path, path) is not None
        if not fits or self.times <= 0:
            return False
        self.times -= 1
        return True


@dataclass(kw_only=True, slots=True)
class Fate:
    """What happens to the next ``times`` deliveries of an event: posted ``copies`` times.

    0 loses it: GitHub does not say so to anybody, and lists it as not delivered.
    """

    event: str = "*"
    action: str | None = None
    copies: int = 0
    times: int = 1

    def take(self, event: str, payload: Mapping[str, Any]) -> bool:
        fits = self.event in ("*", event) and self.action in (None, payload.get("action"))
        if not fits or self.times <= 0:
            return False
        self.times -= 1
        return True


class Faults:
    """The trouble that waits for its occasion."""

    def __init__(self) -> None:
        self.requests: list[Fault] = []
        self.deliveries: list[Fate] = []

    def fail(self, fault: Fault) -> None:
        self.requests.append(fault)

    def drop_delivery(self, event: str = "*", action: str | None = None, times: int = 1) -> None:
        self.deliveries.append(Fate(event=event, action=action, copies=0, times=times))

    def duplicate_delivery(self, event: str = "*", action: str | None = None) -> None:
        self.deliveries.append(Fate(event=event, action=action, copies=2))

    def strike(self, method: str, path: str) -> Fault | None:
        return next((fault for fault in self.requests if fault.take(method, path)), None)

    def copies(self, event: str, payload: Mapping[str, Any]) -> int:
        fate = next((fate for fate in self.deliveries if fate.take(event, payload)), None)
        return 1 if fate is None else fate.copies
