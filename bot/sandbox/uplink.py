"""The ways out of a fence: a model's API through our own process, or an allow-list of hosts.

Either way the process speaks to `ADDRESS`. Outside a sandbox another port is listened on, and that
text is replaced in arguments, variables and files, as paths of the fence are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.models import Purse

PORT = 3128
ADDRESS = f"http://127.0.0.1:{PORT}"


class Dialect(StrEnum):
    """Which API is spoken: where the key goes, which calls there are, how usage is told."""

    ANTHROPIC = "anthropic"
    """``/v1/messages``; the base URL has no ``/v1``."""
    OPENAI = "openai"
    """``/responses`` and ``/chat/completions``; the base URL ends with ``/v1``."""
    GEMINI = "gemini"
    """``/v1beta/models/NAME:generateContent`` and its like; the base URL has no version."""


class Pulse:
    """Signs of life of one process's calls: a program that waits for its model is not hung."""

    def __init__(self) -> None:
        self.beats = 0

    def beat(self) -> None:
        self.beats += 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelApi:
    """A model's API. The process sends ``token``; ``key`` replaces it on our side of the fence."""

    dialect: Dialect
    base_url: str
    token: str = field(repr=False)
    """Of this run only."""
    key: str = field(default="", repr=False)
    """Empty for a local model that asks for none."""
    purse: Purse | None = None
    pulse: Pulse = field(default_factory=Pulse, repr=False, compare=False)

    def key_headers(self) -> dict[str, str]:
        """The real key as this dialect carries it."""
        if not self.key:
            return {}
        match self.dialect:
            case Dialect.ANTHROPIC:
                return {"x-api-key": self.key}
            case Dialect.OPENAI:
                return {"Authorization": f"Bearer {self.key}"}
            case Dialect.GEMINI:
                return {"x-goog-api-key": self.key}


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowList:
    """``CONNECT`` to these hosts and ports, and nowhere else."""

    hosts: frozenset[tuple[str, int]]


Uplink = ModelApi | AllowList
