"""``harness context``: what reviewers of a local change would be told, and what there was no room
for.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bot import log
from bot.checkout.local import LocalRepo
from bot.cli.operator import files_are_ours
from bot.cli.review import change_of, config_of, local_context
from bot.cli.scratch import scratch
from bot.clock import SystemClock
from bot.context.prompt import compose
from bot.context.sections import Composed
from bot.errors import ConfigurationError
from bot.models import Change, Part, RunConfig
from bot.models.checkpoints import Checkpoint, Recorded
from bot.models.context import ReviewContext
from bot.models.text import visible
from bot.process import Ledger
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings, load_settings

FORMATS = ("text", "json", "prompt")
MAX_TEXT = 300


def run(path: Path, *, base: str | None, output_format: str) -> int:
    """0 told, 2 could not."""
    if output_format not in FORMATS:
        raise ConfigurationError(f"--format {output_format}: there are {', '.join(FORMATS)}")
    settings = load_settings(files=files_are_ours())
    log.configure(settings.log_format, level="ERROR")
    change, context = asyncio.run(_gathered(settings, path, base))
    prompts = [(part, _composed(change, context, n, part)) for n, part in _numbered(change.parts)]
    if output_format == "prompt":
        text = "\n".join(composed.text for _part, composed in prompts)
    elif output_format == "json":
        text = json.dumps(_data(change, context, prompts), indent=2) + "\n"
    else:
        text = "\n".join(_lines(change, context, prompts)) + "\n"
    sys.stdout.write(text)
    return 0


async def _gathered(
    settings: Settings, path: Path, base: str | None
) -> tuple[Change, ReviewContext]:
    console = Console(stderr=True)
    with scratch("harness-") as room:
        ledger = Ledger(room / "processes")
        sandbox = Sandbox(mode=settings.sandbox, ledger=ledger)
        repo = await LocalRepo.open(path, scratch=room, ledger=ledger)
        config, problems = await config_of(repo, base)
        for problem in problems:
            console.print(f"{visible(problem)} (the defaults apply)", style="yellow", markup=False)
        change = await change_of(repo, base, config)
        return change, await local_context(repo, change, config, SystemClock(), reader=sandbox)


def _numbered(parts: Sequence[Part]) -> Iterator[tuple[str, Part]]:
    """A change that is read as a whole has one part, without a number."""
    whole = len(parts) <= 1
    for number, part in enumerate(parts, start=1):
        yield ("" if whole else f"{number} of {len(parts)}"), part


def _composed(change: Change, context: ReviewContext, number: str, part: Part) -> Composed:
    """For an agent without words of its own."""
    elsewhere = {file.path for file in change.diff.files} - set(part.paths)
    config = RunConfig(
        scope_base_ref=change.base_ref,
        starting_sha=change.head_sha,
        diff=change.diff,
        base_sha=change.base_sha,
        ignored=frozenset(elsewhere | {skipped.path for skipped in change.skipped}),
        part=number,
    )
    return compose(config, context)


Prompts = Sequence[tuple[Part, Composed]]


def _data(change: Change, context: ReviewContext, prompts: Prompts) -> dict[str, Any]:
    return {
        "head_sha": change.head_sha,
        "base_sha": change.base_sha,
        "base_ref": change.base_ref,
        "intent": {
            "title": context.title,
            "body": context.body,
            "linked_issues": [asdict(issue) for issue in context.linked],
            "commits": [asdict(commit) for commit in context.commits],
        },
        "checkpoints": [asdict(item) for item in context.recorded.checkpoints],
        "provenance": [asdict(item) for item in context.recorded.provenance],
        "written_in": [asdict(item) for item in context.recorded.origins],
        "instructions": [
            *({"paths": list(i.paths), "text": i.text} for i in context.instructions),
            *({"path": guide.path, "text": guide.text} for guide in context.guides),
        ],
        "pins": [asdict(pin) for pin in context.pins],
        "outlines": [asdict(item) for item in context.outlines],
        "memory": context.memory,
        "budget": [
            {
                "files": list(part.paths),
                "limit": composed.limit,
                "used": composed.used,
                "sections": {n: t for n, t in composed.allocation.tokens.items() if t},
                "dropped": [
                    {"section": item.block, "name": item.unit, "tokens": item.tokens}
                    for item in composed.allocation.dropped
                ],
            }
            for part, composed in prompts
        ],
        "not_reviewed": [asdict(item) for item in change.skipped],
        "problems": list(context.problems),
    }


def _lines(change: Change, context: ReviewContext, prompts: Prompts) -> Iterator[str]:
    """For people at a terminal: nothing in it moves their cursor."""
    yield f"{change.head_sha[:12]} against {visible(change.base_ref)}"
    yield from _block("commits", (f"{c.sha[:12]} {c.subject}" for c in context.commits))
    yield from _block("checkpoints", _recorded(context.recorded))
    yield from _block("instructions", _instructions(context))
    yield from _block(
        "related files",
        (f"{pin.path}  {pin.relation.value} {pin.via} ({pin.distance})" for pin in context.pins),
    )
    yield from _block("outlines", (f"{o.path}  {o.lines} lines" for o in context.outlines))
    yield from _block("memory", context.memory.splitlines())
    for number, (part, composed) in enumerate(prompts, start=1):
        head = "prompt" if len(prompts) == 1 else f"prompt {number} of {len(prompts)}"
        yield f"\n{head}: {composed.used:,} of {composed.limit:,} tokens, {len(part.paths)} files"
        for name, tokens in composed.allocation.tokens.items():
            if tokens:
                yield f"  {visible(name)}  {tokens:,}"
        for item in composed.allocation.dropped:
            yield f"  no room for {visible(item.block)}: {visible(item.unit)} ({item.tokens:,})"
    yield from _block("not reviewed", (f"{s.path} ({s.reason})" for s in change.skipped))
    yield from _block("could not be found out", context.problems)


def _recorded(recorded: Recorded) -> Iterator[str]:
    yield from map(_checkpoint, recorded.checkpoints)
    for item in recorded.provenance:
        yield f"{item.token}: {item.who} (commits: {len(item.commits)})"


def _checkpoint(item: Checkpoint) -> str:
    why = item.intent or next(iter(item.prompts), "") or item.problem or "nothing that says why"
    outcome = f"; outcome: {item.outcome}" if item.outcome else ""
    files = f" [{', '.join(item.files[:5])}{', …' if len(item.files) > 5 else ''}]"
    return f"{item.id}  {why}{outcome}{files if item.files else ''}"


def _instructions(context: ReviewContext) -> Iterator[str]:
    for instruction in context.instructions:
        yield f"{', '.join(instruction.paths)}: {instruction.text}"
    for guide in context.guides:
        yield f"{guide.path}  {len(guide.text):,} characters"


def _block(head: str, rows: Iterator[str] | Sequence[str]) -> Iterator[str]:
    every = [visible(" ".join(row.split())) for row in rows]
    if every:
        yield f"\n{head}:"
        yield from (f"  {row[:MAX_TEXT]}{'…' if len(row) > MAX_TEXT else ''}" for row in every)
