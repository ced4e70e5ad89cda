"""What people and pages are told about a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.models import RunState

ENDED = frozenset({RunState.FINISHED, RunState.CANCELLED, RunState.FAILED})


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatus:
    """``error`` is what the recipe raised, with its real class."""

    job_id: str
    recipe: str
    """With its version: ``review_v1``."""
    key: str
    state: RunState
    created_at: datetime
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStatus:
    """One recorded step, in the order in which they were started."""

    name: str
    started: datetime
    finished: datetime
    error: Exception | None = None
    """Of this attempt; a later attempt has a record of its own."""
