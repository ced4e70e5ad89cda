"""Recorded streams of real command lines (`tests/samples/agents`), and how to play them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.agents.adapters import claude_code, codex, gemini, opencode
from bot.agents.record import Recorder
from bot.agents.template import Parse, describe
from bot.models import AgentRun, Event, Failure, FailureKind
from tests.fakes.agents import FakeClock

FOLDER = Path(__file__).parents[1] / "samples" / "agents"
PARSERS: dict[str, Parse] = {
    "claude": claude_code.parse,
    "codex": codex.parse,
    "gemini": gemini.parse,
    "opencode": opencode.parse,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One run of a command line: what it wrote on standard output, and its exit status."""

    name: str
    vendor: str
    data: bytes
    code: int


def recordings() -> Iterator[Recording]:
    """All of them; a new file in the folder is one more."""
    for path in sorted(FOLDER.glob("*/*.jsonl")):
        meta = json.loads(path.with_suffix("").with_suffix(".meta.json").read_text())
        yield Recording(
            name=f"{path.parent.name}/{path.stem}",
            vendor=path.parent.name,
            data=path.read_bytes(),
            code=meta["rc"],
        )


async def chunked(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def events_of(parse: Parse, chunks: Iterable[bytes]) -> list[Event]:
    return [event async for event in parse(chunked(chunks))]


def outcome(events: Iterable[Event], code: int) -> AgentRun:
    """As the fan-out makes it: the stream, then the exit status."""
    recorder = Recorder("mine", FakeClock())
    for event in events:
        recorder.add(event)
    if code:
        recorder.fail(Failure(kind=FailureKind.CRASHED, message=describe(code)))
    return recorder.result()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
