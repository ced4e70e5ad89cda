"""Review threads: how they begin, go on, are resolved and opened again, and who hears of it."""

from __future__ import annotations

from typing import Any

from bot.demo import payloads
from bot.demo.anchors import Place, diff_hunk, find_file
from bot.demo.diffs import File
from bot.demo.hub import Hub
from bot.demo.state import Pull, Review, ReviewComment, Thread, User


def new_review(hub: Hub, pull: Pull, user: User, *, body: str, state: str, head: str) -> Review:
    """Every comment on code belongs to a review, be it one without words of its own."""
    review = Review(
        id=hub.state.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        user=user,
        body=body,
        state=state,
        commit_id=head,
        submitted_at=hub.now(),
    )
    hub.state.reviews[review.id] = review
    return review


def begin(
    hub: Hub, review: Review, place: Place | str, body: str, files: tuple[File, ...]
) -> ReviewComment:
    """A thread of its own; ``place`` is a path for a comment on a whole file."""
    number, now = hub.state.new_id(), hub.now()
    thread = Thread(id=f"PRRT_kwDO{number:08d}", repo_id=review.repo_id, number=review.number)
    comment = ReviewComment(
        id=number,
        repo_id=review.repo_id,
        number=review.number,
        review_id=review.id,
        thread_id=thread.id,
        user=review.user,
        body=body,
        path=place if isinstance(place, str) else place.path,
        commit_id=review.commit_id,
        original_commit_id=review.commit_id,
        created_at=now,
        updated_at=now,
        subject_type="file" if isinstance(place, str) else "line",
    )
    if isinstance(place, Place):
        file = find_file(files, place.path)
        comment.side, comment.line, comment.original_line = place.side, place.line, place.line
        comment.start_line = comment.original_start_line = place.start_line
        comment.start_side = (place.start_side or place.side) if place.start_line else None
        comment.diff_hunk = diff_hunk(file, place.side, place.line) if file else ""
    hub.state.threads[thread.id] = thread
    return _added(hub, comment)


def answer(hub: Hub, parent: ReviewComment, user: User, body: str) -> ReviewComment:
    """Below the thread's first comment, wherever in the thread it was written."""
    pull = hub.state.pulls[parent.repo_id, parent.number]
    review = new_review(hub, pull, user, body="", state="COMMENTED", head=pull.head_sha)
    now = hub.now()
    comment = ReviewComment(
        id=hub.state.new_id(), repo_id=parent.repo_id, number=parent.number,
        review_id=review.id, thread_id=parent.thread_id, user=user, body=body,
        path=parent.path, commit_id=parent.commit_id,
        original_commit_id=parent.original_commit_id, created_at=now, updated_at=now,
        subject_type=parent.subject_type, side=parent.side, line=parent.line,
        original_line=parent.original_line, start_line=parent.start_line,
        original_start_line=parent.original_start_line, start_side=parent.start_side,
        diff_hunk=parent.diff_hunk, in_reply_to_id=parent.in_reply_to_id or parent.id,
    )  # fmt: skip
    return _added(hub, comment)


def _added(hub: Hub, comment: ReviewComment) -> ReviewComment:
    hub.state.review_comments[comment.id] = comment
    _tell(hub, "created", comment, comment.user)
    return comment


def edit(hub: Hub, comment: ReviewComment, body: str, by: User) -> None:
    before, comment.body, comment.updated_at = comment.body, body, hub.now()
    _tell(hub, "edited", comment, by, changes={"body": {"from": before}})


def remove(hub: Hub, comment: ReviewComment, by: User) -> None:
    """With its last comment a thread is gone."""
    del hub.state.review_comments[comment.id]
    thread = hub.state.threads[comment.thread_id]
    if not hub.state.comments_in(thread):
        del hub.state.threads[thread.id]
    _tell(hub, "deleted", comment, by)


def _tell(hub: Hub, action: str, comment: ReviewComment, by: User, **more: Any) -> None:
    payload = payloads.review_comment(hub.shapes, action, comment, by, **more)
    hub.emit("pull_request_review_comment", hub.state.repositories[comment.repo_id], payload)


def settle(hub: Hub, thread: Thread, by: User, *, resolved: bool) -> None:
    """Resolve a thread, or open it again; what is so already is told to nobody."""
    if resolved == (thread.resolved_by is not None):
        return
    thread.resolved_by = by if resolved else None
    repo = hub.state.repositories[thread.repo_id]
    action = "resolved" if resolved else "unresolved"
    payload = payloads.review_thread(hub.shapes, action, thread, by)
    hub.emit("pull_request_review_thread", repo, payload)
