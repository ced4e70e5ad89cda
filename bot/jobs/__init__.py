"""The port to the durable engine; the only room that imports DBOS.

Recipes are described in `bot.jobs.recipes`, where their rules are; the engine in `bot.jobs.engine`.
What a step does to values is in `bot.jobs.step`, and which values it keeps in `bot.jobs.serializer`
and `bot.jobs.records`. Local reviews use `MemoryStep` and never load the engine: it is imported
when its name is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.jobs.errors import NotReadable, NotRecordable, UnexpectedError
from bot.jobs.memory import MemoryStep
from bot.jobs.patience import Patience
from bot.jobs.recipes import Cookbook, Recipe, Step, recipe
from bot.jobs.records import recordable
from bot.jobs.status import JobStatus, StepStatus

if TYPE_CHECKING:
    from bot.jobs.engine import Engine
    from bot.jobs.fleet import Pulse

__all__ = [
    "Cookbook", "Engine", "JobStatus", "MemoryStep", "NotReadable", "NotRecordable", "Patience",
    "Pulse", "Recipe", "Step", "StepStatus", "UnexpectedError", "recipe", "recordable",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from bot.jobs.engine import Engine

        return Engine
    if name == "Pulse":
        from bot.jobs.fleet import Pulse

        return Pulse
    raise AttributeError(name)
