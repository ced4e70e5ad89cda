"""Every recipe of the house: importing this module collects them for the engine."""

from __future__ import annotations

from bot.tasks import (
    close,
    control,
    conversation,
    forget,
    merge_group,
    reconsider,
    refactor,
    reply,
    rerun,
    review,
)

__all__ = [
    "close",
    "control",
    "conversation",
    "forget",
    "merge_group",
    "reconsider",
    "refactor",
    "reply",
    "rerun",
    "review",
]
