"""``/pulls/N/comments``: single comments on lines and files, answers, edits."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.demo import shapes_talk
from bot.demo.anchors import COMMENT_WORDS, HUNK_BLANK, Place, find_file, problems
from bot.demo.anchors import PATH as PATH_PROBLEM
from bot.demo.refusal import Refusal, checked_body, invalid, invalid_request, not_found
from bot.demo.rest.call import Call, Route, answer, needed, nothing, typed
from bot.demo.rest.reviews import NOT_PART, RESOURCE, add_comment, commit_of, new_review, place_of
from bot.demo.shapes import Json
from bot.demo.state import Pull, Review, ReviewComment


async def list_comments(call: Call) -> web.Response:
    return call.page(call.hub.state.review_comments_of(call.pull()), _show(call))


def _show(call: Call) -> Callable[[ReviewComment], Json]:
    def show(comment: ReviewComment) -> Json:
        return shapes_talk.review_comment(call.hub.shapes, comment)

    return show


async def create_comment(call: Call) -> web.Response:
    """On a line, on a file, or as an answer to another comment."""
    pull = call.pull()
    body = checked_body(RESOURCE, call.body.get("body"))
    parent = typed(call.body, "in_reply_to", int)
    if parent is not None:
        return _replied(call, pull, parent, body)
    if "commit_id" not in call.body:
        raise invalid_request('Missing required key "commit_id".')
    head = await commit_of(call, pull, invalid(RESOURCE, "commit_id", "custom", NOT_PART))
    files = await call.hub.files(pull, head)
    subject = typed(call.body, "subject_type", str, "line")
    if subject not in ("line", "file"):
        raise invalid_request(f"{subject} is not a member of ['line', 'file'].")
    place: Place | str = needed(call.body, "path")
    if subject == "line":
        place = place_of(call.body)
        _refuse_wrong(problems(files, place))
    elif find_file(files, str(place)) is None:
        _refuse_wrong((PATH_PROBLEM,))
    review = new_review(call, pull, "", "COMMENTED", head)
    comment = add_comment(call, pull, review, place, body, files)
    return answer(shapes_talk.review_comment(call.hub.shapes, comment), 201)


def _refuse_wrong(wrong: tuple[str, ...]) -> None:
    errors = [
        {"resource": RESOURCE, "code": "custom", "message": COMMENT_WORDS[problem][1],
         "field": f"pull_request_review_thread.{COMMENT_WORDS[problem][0]}"}
        for problem in wrong
        if problem != HUNK_BLANK
    ]  # fmt: skip
    if HUNK_BLANK in wrong:
        errors.append({
            "resource": RESOURCE, "code": "missing_field",
            "field": "pull_request_review_thread.diff_hunk",
        })  # fmt: skip
    if errors:
        raise Refusal(422, "Validation Failed", errors)


async def reply(call: Call) -> web.Response:
    body = checked_body(RESOURCE, call.body.get("body"))
    return _replied(call, call.pull(), call.number("comment_id"), body)


def _replied(call: Call, pull: Pull, parent_id: int, body: str) -> web.Response:
    parent = call.hub.state.review_comments.get(parent_id)
    if parent is None or (parent.repo_id, parent.number) != (pull.repo_id, pull.number):
        raise not_found()
    review = new_review(call, pull, "", "COMMENTED", pull.head_sha)
    comment = answer_in_thread(call, review, parent, body)
    return answer(shapes_talk.review_comment(call.hub.shapes, comment), 201)


def answer_in_thread(call: Call, review: Review, parent: ReviewComment, body: str) -> ReviewComment:
    now = call.hub.now()
    comment = ReviewComment(
        id=call.hub.state.new_id(), repo_id=parent.repo_id, number=parent.number,
        review_id=review.id, thread_id=parent.thread_id, user=call.user, body=body,
        path=parent.path, commit_id=parent.commit_id,
        original_commit_id=parent.original_commit_id, created_at=now, updated_at=now,
        subject_type=parent.subject_type, side=parent.side, line=parent.line,
        original_line=parent.original_line, start_line=parent.start_line,
        original_start_line=parent.original_start_line, start_side=parent.start_side,
        diff_hunk=parent.diff_hunk, in_reply_to_id=parent.in_reply_to_id or parent.id,
    )  # fmt: skip
    call.hub.state.review_comments[comment.id] = comment
    return comment


def _comment(call: Call) -> ReviewComment:
    found = call.hub.state.review_comments.get(call.number("comment_id"))
    if found is None or found.repo_id != call.repo.id:
        raise not_found()
    return found


async def get_comment(call: Call) -> web.Response:
    return answer(shapes_talk.review_comment(call.hub.shapes, _comment(call)))


async def edit_comment(call: Call) -> web.Response:
    comment = _comment(call)
    comment.body = checked_body(RESOURCE, call.body.get("body"))
    comment.updated_at = call.hub.now()
    return answer(shapes_talk.review_comment(call.hub.shapes, comment))


async def delete_comment(call: Call) -> web.Response:
    del call.hub.state.review_comments[_comment(call).id]
    return nothing()


_PULLS = "/repos/{owner}/{repo}/pulls"
ROUTES: tuple[Route, ...] = (
    ("GET", f"{_PULLS}/{{pull_number}}/comments", list_comments),
    ("POST", f"{_PULLS}/{{pull_number}}/comments", create_comment),
    ("POST", f"{_PULLS}/{{pull_number}}/comments/{{comment_id}}/replies", reply),
    ("GET", f"{_PULLS}/comments/{{comment_id}}", get_comment),
    ("PATCH", f"{_PULLS}/comments/{{comment_id}}", edit_comment),
    ("DELETE", f"{_PULLS}/comments/{{comment_id}}", delete_comment),
)
