"""Plugs the port's serializer into the engine. Nothing is ever pickled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbos import Serializer
from typing_extensions import override

from bot.jobs.serializer import decode, encode

_OUTCOME = "="  # no JSON text starts with it


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step's outcome, encoded already: it is written as it is, not as a text inside a text."""

    text: str


class EngineSerializer(Serializer):
    """For arguments of jobs, outcomes of steps and errors of recipes."""

    @override
    def name(self) -> str:
        return "harness_json"

    @override
    def serialize(self, data: Any) -> str:
        return _OUTCOME + data.text if isinstance(data, Outcome) else encode(data)

    @override
    def deserialize(self, serialized_data: str) -> Any:
        if serialized_data.startswith(_OUTCOME):
            return Outcome(serialized_data[1:])
        return decode(serialized_data)
