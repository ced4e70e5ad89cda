"""What is recorded of the sessions in which a change was written: data from outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """One of Entire's checkpoints, in short. ``problem`` says why nothing more is known of it."""

    id: str
    commits: tuple[str, ...] = ()
    """Of this change, the oldest first."""
    agent: str = ""
    intent: str = ""
    outcome: str = ""
    open_items: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    """What people asked for, the most telling first."""
    agent_lines: int | None = None
    total_lines: int | None = None
    sessions: int = 0
    created_at: str = ""
    problem: str = ""

    @property
    def useful(self) -> bool:
        """Whether it says why."""
        return bool(self.intent or self.prompts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Another tool's trailer: who helped to write these commits, by their own word."""

    token: str
    who: str
    commits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Lines of the head that a commit with a checkpoint wrote; ``end`` is included."""

    path: str
    start: int
    end: int
    checkpoint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """Everything that the commits of a change say about who wrote it, and why."""

    checkpoints: tuple[Checkpoint, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    origins: tuple[Origin, ...] = ()
