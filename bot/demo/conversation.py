"""Comments of the conversation: how they are written, edited and deleted, and who hears of it."""

from __future__ import annotations

from typing import Any

from bot.demo import payloads
from bot.demo.hub import Hub
from bot.demo.state import Comment, Pull, User


def add(hub: Hub, pull: Pull, user: User, body: str, *, by_app: bool = False) -> Comment:
    now = hub.now()
    comment = Comment(
        id=hub.state.new_id(), repo_id=pull.repo_id, number=pull.number, user=user,
        body=body, created_at=now, updated_at=now, by_app=by_app,
    )  # fmt: skip
    hub.state.comments[comment.id] = comment
    _tell(hub, "created", comment, user)
    return comment


def edit(hub: Hub, comment: Comment, body: str, by: User) -> None:
    before, comment.body, comment.updated_at = comment.body, body, hub.now()
    _tell(hub, "edited", comment, by, changes={"body": {"from": before}})


def remove(hub: Hub, comment: Comment, by: User) -> None:
    del hub.state.comments[comment.id]
    _tell(hub, "deleted", comment, by)


def _tell(hub: Hub, action: str, comment: Comment, by: User, **more: Any) -> None:
    payload = payloads.issue_comment(hub.shapes, action, comment, by, **more)
    hub.emit("issue_comment", hub.state.repositories[comment.repo_id], payload)
