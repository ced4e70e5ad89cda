"""The words above a review's comments: one line, the summary says the rest."""

from __future__ import annotations

from bot.publish.render.words import commit, plural


def review_body(count: int, head_sha: str) -> str:
    """``2 comments on new issues in 9be0d13; …``: not all issues need have a comment."""
    where = (
        f"new issues in {commit(head_sha)}" if count != 1 else f"a new issue in {commit(head_sha)}"
    )
    return f"{plural(count, 'comment')} on {where}; the summary comment has the whole picture."
