"""What is asked of the process that reads a tree, and what it answers: JSON both ways. Pure.

The answer comes from a process that parsed whatever a stranger wrote. It is checked as strictly as
an agent's, and all of its text is data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from bot.errors import AgentFailed
from bot.models.structure import Outline, Pin

MAX_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Paths of the change with the lines of the head that it touched, and limits in tokens."""

    files: Mapping[str, tuple[int, ...]]
    tokens: int
    tokens_of_one: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Structure:
    """What a tree says about a change."""

    pins: tuple[Pin, ...] = ()
    outlines: tuple[Outline, ...] = ()


_ASKED = TypeAdapter(Asked)
_STRUCTURE = TypeAdapter(Structure)


def encode(value: Asked | Structure) -> bytes:
    return json.dumps(asdict(value)).encode("ascii")


def asked(data: bytes) -> Asked:
    return _ASKED.validate_json(data)


def structure(data: bytes) -> Structure:
    """`AgentFailed` for anything but an answer."""
    try:
        return _STRUCTURE.validate_json(data)
    except ValidationError as error:
        raise AgentFailed("its answer is no structure") from error


def is_text(name: str) -> bool:
    """Whether a name is UTF-8; JSON holds no other one."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
