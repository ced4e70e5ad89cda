"""Every recipe of the house: importing this module collects them for the engine."""

from __future__ import annotations

from bot.tasks import (
    close,
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
    "conversation",
    "forget",
    "merge_group",
    "reconsider",
    "refactor",
    "reply",
    "rerun",
    "review",
]
