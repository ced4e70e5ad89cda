"""Checkpoints and provenance as units of a prompt. Pure; whoever shows them fences them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.context.budget import Unit
from bot.models.checkpoints import Checkpoint, Recorded

MAX_FILES = 12


def units(recorded: Recorded) -> tuple[Unit, ...]:
    """Those that tell why first; of the others one line."""
    useful = [c for c in recorded.checkpoints if c.useful]
    rest = [c for c in recorded.checkpoints if not c.useful]
    rows = [Unit(name=c.id, text="\n".join(_lines(c))) for c in useful]
    if rest:
        names = ", ".join(f"{c.id} ({c.problem or 'no words of people'})" for c in rest)
        rows.append(Unit(name="other sessions", text=f"Nothing is known of: {names}"))
    helped = "\n".join(
        f"{item.token}: {item.who} ({_count(item.commits)})" for item in recorded.provenance
    )
    return (*rows, *([Unit(name="provenance", text=helped)] if helped else []))


def _count(commits: tuple[str, ...]) -> str:
    return f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"


def _lines(checkpoint: Checkpoint) -> Iterator[str]:
    yield f"session {checkpoint.id}{_by(checkpoint)}"
    if checkpoint.intent:
        yield f"  intent: {checkpoint.intent}"
    if checkpoint.outcome:
        yield f"  outcome: {checkpoint.outcome}"
    yield from (f"  open: {item}" for item in checkpoint.open_items)
    # With a summary, the first prompt is enough to hear the person's own words.
    yield from (f"  asked: {p}" for p in checkpoint.prompts[: 1 if checkpoint.intent else None])
    if checkpoint.files:
        more = len(checkpoint.files) - MAX_FILES
        names = ", ".join(checkpoint.files[:MAX_FILES])
        yield f"  files: {names}{f' and {more} more' if more > 0 else ''}"


def _by(checkpoint: Checkpoint) -> str:
    share = ""
    if checkpoint.agent_lines is not None and checkpoint.total_lines:
        share = f"{checkpoint.agent_lines} of {checkpoint.total_lines} lines by the agent"
    commits = ", ".join(sha[:12] for sha in checkpoint.commits[:5])
    parts = [checkpoint.agent, share, f"commits {commits}" if commits else ""]
    said = "; ".join(part for part in parts if part)
    return f" ({said})" if said else ""
