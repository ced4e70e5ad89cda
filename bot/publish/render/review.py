"""The words above a review's comments: one line, the summary says the rest."""

from __future__ import annotations

from bot.publish.render.words import commit


def review_body(count: int, head_sha: str) -> str:
    """``2 new issues in 9be0d13; the summary has the whole picture.``"""
    verb = "issue" if count == 1 else "issues"
    return f"{count} new {verb} in {commit(head_sha)}; the summary comment has the whole picture."
