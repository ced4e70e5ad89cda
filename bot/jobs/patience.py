"""How long a step that asks to be tried later is humoured. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.errors import ConfigurationError

MAX_ATTEMPTS = 16
"""Each step keeps this many places in a job's record; changing it would break running jobs."""

LONGEST_BACKOFF = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Waits at least as long as asked, doubling from ``floor``; bounded in number and in all."""

    attempts: int = MAX_ATTEMPTS
    total: float = 2 * 3600.0
    """Seconds of waiting in all: longer than GitHub's hourly limits."""
    floor: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise ConfigurationError(f"attempts must be between 1 and {MAX_ATTEMPTS}")

    def wait(self, attempt: int, waited: float, asked: float) -> float | None:
        """Seconds until the next attempt after number ``attempt`` (from 1); None to give up."""
        if attempt >= self.attempts or not math.isfinite(asked):
            return None
        seconds = max(asked, min(self.floor * 2.0 ** (attempt - 1), LONGEST_BACKOFF))
        return seconds if waited + seconds <= self.total else None


def attempt_name(name: str, attempt: int) -> str:
    """``fetch``, ``fetch#2``, ``fetch#3`` …"""
    return name if attempt == 1 else f"{name}#{attempt}"
