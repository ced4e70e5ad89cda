"""Every word the bot says, as pure functions; one module for each message."""

from bot.publish.render.check import (
    buttons,
    cancelled,
    in_progress,
    marks,
    merge_group,
    progress,
    texts,
    title,
    without_review,
)
from bot.publish.render.config import config
from bot.publish.render.issue import Voice, file_comment, inline_comment, suggestion
from bot.publish.render.refactor import (
    commit_message,
    moved,
    not_refactored,
    refactored,
    repaired_title,
)
from bot.publish.render.reply import could_not, ended, help_text, reaction, reply
from bot.publish.render.review import review_body
from bot.publish.render.status import status
from bot.publish.render.summary import summary
from bot.publish.render.thread import dismissed, explanation, found_again, gone, not_dismissed

__all__ = [
    "Voice",
    "buttons",
    "cancelled",
    "commit_message",
    "config",
    "could_not",
    "dismissed",
    "ended",
    "explanation",
    "file_comment",
    "found_again",
    "gone",
    "help_text",
    "in_progress",
    "inline_comment",
    "marks",
    "merge_group",
    "moved",
    "not_dismissed",
    "not_refactored",
    "progress",
    "reaction",
    "refactored",
    "repaired_title",
    "reply",
    "review_body",
    "status",
    "suggestion",
    "summary",
    "texts",
    "title",
    "without_review",
]
