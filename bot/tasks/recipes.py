"""Every recipe of the house: importing this module collects them for the engine."""

from __future__ import annotations

from bot.tasks import close, forget, merge_group, reply, rerun, review

__all__ = ["close", "forget", "merge_group", "reply", "rerun", "review"]
