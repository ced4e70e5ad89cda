"""Why a change was made, as far as it is known: what reviewers are told besides the diff."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.models.checkpoints import Recorded
from bot.models.repo_config import PathInstruction
from bot.models.structure import Outline, Pin


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedIssue:
    """An issue that the change says it closes; ``text`` is its first paragraph."""

    number: int
    title: str
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitNote:
    """What one commit of the change says of itself, and the files it touched."""

    sha: str
    subject: str
    body: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guide:
    """An instruction file for agents (``AGENTS.md`` and its like), as the base branch has it."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewContext:
    """All of it is data from outside; the composer fences it. The zero value is valid."""

    title: str = ""
    body: str = ""
    linked: tuple[LinkedIssue, ...] = ()
    commits: tuple[CommitNote, ...] = ()
    instructions: tuple[PathInstruction, ...] = ()
    """Of ``.github/harness.yml``; from the base branch only, as guides are."""
    guides: tuple[Guide, ...] = ()
    recorded: Recorded = field(default_factory=Recorded)
    """What is known of the sessions in which it was written."""
    pins: tuple[Pin, ...] = ()
    outlines: tuple[Outline, ...] = ()
    memory: str = ""
    """What this repository taught, in short."""
    problems: tuple[str, ...] = ()
    """What could not be found out, one sentence each; no reason to review less."""
