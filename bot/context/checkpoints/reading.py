"""One checkpoint out of its files. Pure, and nothing about the files is believed.

Missing metadata, pointers to nothing, unknown agents, many sessions, wrong types: all of it occurs
in honest stores, and what can be read is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.context.checkpoints.prompts import MAX_PROMPTS, split_prompts, telling
from bot.context.checkpoints.transcript import said_by_people
from bot.context.fence import clipped
from bot.models.checkpoints import Checkpoint

MAX_TEXT = 800
MAX_ITEMS = 8
MAX_FILES = 100
MAX_SESSIONS = 100
_NUMBER = re.compile(r"(\d+)/")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    number: int
    data: Mapping[str, Any]
    prompts: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def is_review(self) -> bool:
        """A reviewer's own session says nothing about why the code was written."""
        kind = self.data.get("kind")
        return bool(self.data.get("review_skills") or self.data.get("review_prompt")) or (
            isinstance(kind, str) and "review" in kind.lower()
        )

    @property
    def summary(self) -> Mapping[str, Any]:
        summary = self.data.get("summary")
        return summary if isinstance(summary, dict) else {}


def read_checkpoint(
    name: str, files: Mapping[str, bytes], commits: Sequence[str] = ()
) -> Checkpoint:
    """``files`` by their paths below the checkpoint's folder; none at all is a problem."""
    if not files:
        return Checkpoint(id=name, commits=tuple(commits), problem="nothing is recorded of it")
    root = _object(files.get("metadata.json"))
    every = [_session(number, files) for number in _numbers(files)]
    sessions = [session for session in every if not session.is_review]
    newest = sessions[::-1]
    summary = next((s.summary for s in newest if _text(s.summary.get("intent"))), {})
    prompts = telling(prompt for s in newest for prompt in s.prompts)
    said = prompts or telling(text for s in newest for text in s.said)
    agent_lines, total_lines = _attribution(sessions)
    touched = [*_strings(root.get("files_touched")), *_touched(sessions)]
    return Checkpoint(
        id=name,
        commits=tuple(commits),
        agent=next((a for s in newest if (a := _text(s.data.get("agent"))[:60])), ""),
        intent=_text(summary.get("intent")),
        outcome=_text(summary.get("outcome")),
        open_items=tuple(_strings(summary.get("open_items")))[:MAX_ITEMS],
        files=tuple(sorted(dict.fromkeys(touched)))[:MAX_FILES],
        prompts=said[:MAX_PROMPTS],
        agent_lines=agent_lines,
        total_lines=total_lines,
        sessions=len(sessions),
        created_at=max((_text(s.data.get("created_at"))[:40] for s in sessions), default=""),
        problem="" if sessions or not every else "only reviews are recorded of it",
    )


def _numbers(files: Mapping[str, bytes]) -> list[int]:
    found = {int(match[1]) for path in files if (match := _NUMBER.match(path))}
    return sorted(found)[-MAX_SESSIONS:]


def _session(number: int, files: Mapping[str, bytes]) -> _Session:
    data = _object(files.get(f"{number}/metadata.json"))
    start = data.get("checkpoint_transcript_start")
    transcript = files.get(f"{number}/full.jsonl", b"")
    return _Session(
        number=number,
        data=data,
        prompts=split_prompts(files.get(f"{number}/prompt.txt", b"").decode("utf-8", "replace")),
        said=said_by_people(transcript, start if isinstance(start, int) else 0),
    )


def _attribution(sessions: Sequence[_Session]) -> tuple[int | None, int | None]:
    """(lines by agents, all lines) of the sessions that say so; else unknown, which is not 0."""
    agent = total = 0
    known = False
    for session in sessions:
        said = session.data.get("initial_attribution")
        if not isinstance(said, dict):
            continue
        mine, every = _count(said.get("agent_lines")), _count(said.get("total_committed"))
        if mine is not None and every is not None and mine <= every:
            agent, total, known = agent + mine, total + every, True
    return (agent, total) if known else (None, None)


def _count(value: Any) -> int | None:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if usable else None


def _touched(sessions: Sequence[_Session]) -> Iterator[str]:
    for session in sessions:
        yield from _strings(session.data.get("files_touched"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (text for item in value[:1_000] if (text := _text(item)))


def _text(value: Any) -> str:
    return clipped(" ".join(value.split()), MAX_TEXT) if isinstance(value, str) else ""


def _object(content: bytes | None) -> Mapping[str, Any]:
    try:
        data = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
