"""Comments of the conversation, reviews and their comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.errors import GitHubError
from bot.github.calls import Calls
from bot.github.records import to_comment, to_issue, to_review
from bot.models.context import LinkedIssue
from bot.models.github import Comment, DraftComment, PostedReview


class Comments(Calls):
    async def issue(self, number: int) -> LinkedIssue | None:
        """Its title and whole text; None if there is none."""
        try:
            return to_issue(await self._get("issues", number))
        except GitHubError as error:
            if error.status in (404, 410):
                return None
            raise

    async def issue_comments(self, number: int) -> list[Comment]:
        return [to_comment(item) for item in await self._all("issues", number, "comments")]

    async def create_issue_comment(self, number: int, body: str) -> Comment:
        return to_comment(await self._post("issues", number, "comments", data={"body": body}))

    async def update_issue_comment(self, comment_id: int, body: str) -> Comment:
        return to_comment(await self._patch("issues", "comments", comment_id, data={"body": body}))

    async def react(self, comment_id: int, content: str) -> None:
        """To a comment of the conversation. Doing it twice is one reaction."""
        await self._post("issues", "comments", comment_id, "reactions", data={"content": content})

    async def react_in_thread(self, comment_id: int, content: str) -> None:
        """To a comment on code. Doing it twice is one reaction."""
        await self._post("pulls", "comments", comment_id, "reactions", data={"content": content})

    async def reply_in_thread(self, number: int, comment_id: int, body: str) -> Comment:
        """Below a thread's first comment: GitHub takes no answer to an answer."""
        path = ("pulls", number, "comments", comment_id, "replies")
        return to_comment(await self._post(*path, data={"body": body}))

    async def reviews(self, number: int) -> list[PostedReview]:
        return [to_review(item) for item in await self._all("pulls", number, "reviews")]

    async def create_review(
        self, number: int, commit_sha: str, body: str, comments: Sequence[DraftComment]
    ) -> PostedReview:
        """Always a comment: approving or blocking is for people, the check says our verdict."""
        data: dict[str, Any] = {
            "commit_id": commit_sha,
            "body": body,
            "event": "COMMENT",
            "comments": [_draft(comment) for comment in comments],
        }
        return to_review(await self._post("pulls", number, "reviews", data=data))

    async def review_comments(self, number: int) -> list[Comment]:
        return [to_comment(item) for item in await self._all("pulls", number, "comments")]

    async def create_file_comment(
        self, number: int, commit_sha: str, path: str, body: str
    ) -> Comment:
        """On a file of the diff as a whole; a review's own comments cannot be that."""
        data = {"commit_id": commit_sha, "path": path, "body": body, "subject_type": "file"}
        return to_comment(await self._post("pulls", number, "comments", data=data))


def _draft(comment: DraftComment) -> dict[str, Any]:
    made: dict[str, Any] = {
        "path": comment.path,
        "body": comment.body,
        "line": comment.line,
        "side": comment.side.value,
    }
    # GitHub refuses a range of one line.
    if comment.start_line is not None and comment.start_line < comment.line:
        made |= {"start_line": comment.start_line, "start_side": comment.side.value}
    return made
