"""Every recipe of the house: importing this module collects them for the engine."""

from __future__ import annotations

from bot.tasks import (
    cancel,
    close,
    config,
    conversation,
    forget,
    merge_group,
    reconsider,
    refactor,
    reply,
    rerun,
    review,
    status,
)

__all__ = [
    "cancel",
    "close",
    "config",
    "conversation",
    "forget",
    "merge_group",
    "reconsider",
    "refactor",
    "reply",
    "rerun",
    "review",
    "status",
]
