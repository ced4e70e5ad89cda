"""Why a change was made, as far as it is known: what reviewers are told besides the diff."""

from __future__ import annotations

from dataclasses import dataclass

from bot.models.repo_config import PathInstruction


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewContext:
    """All of it is data from outside; the composer fences it."""

    title: str = ""
    body: str = ""
    instructions: tuple[PathInstruction, ...] = ()
    """From the base branch only."""
    checkpoints: str = ""
    """What Entire's records of the authoring sessions say."""
