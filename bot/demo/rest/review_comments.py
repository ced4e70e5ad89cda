"""``/pulls/N/comments``: single comments on lines and files, answers, edits."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.demo import shapes_talk, threads
from bot.demo.anchors import COMMENT_WORDS, HUNK_BLANK, Place, find_file, problems
from bot.demo.anchors import PATH as PATH_PROBLEM
from bot.demo.refusal import Refusal, checked_body, invalid, invalid_request, not_found
from bot.demo.rest.call import Call, Route, answer, needed, nothing, typed
from bot.demo.rest.reviews import NOT_PART, RESOURCE, commit_of, place_of
from bot.demo.shapes import Json
from bot.demo.state import Pull, ReviewComment


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
    review = threads.new_review(call.hub, pull, call.user, body="", state="COMMENTED", head=head)
    comment = threads.begin(call.hub, review, place, body, files)
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
    """To a thread's first comment only: GitHub takes no answer to an answer here."""
    body, state = checked_body(RESOURCE, call.body.get("body")), call.hub.state
    parent = state.review_comments.get(call.number("comment_id"))
    if parent is None or state.comments_in(state.threads[parent.thread_id])[0] is not parent:
        raise not_found()
    return _replied(call, call.pull(), parent.id, body)


def _replied(call: Call, pull: Pull, parent_id: int, body: str) -> web.Response:
    parent = call.hub.state.review_comments.get(parent_id)
    if parent is None or (parent.repo_id, parent.number) != (pull.repo_id, pull.number):
        raise not_found()
    comment = threads.answer(call.hub, parent, call.user, body)
    return answer(shapes_talk.review_comment(call.hub.shapes, comment), 201)


def _comment(call: Call) -> ReviewComment:
    found = call.hub.state.review_comments.get(call.number("comment_id"))
    if found is None or found.repo_id != call.repo.id:
        raise not_found()
    return found


async def get_comment(call: Call) -> web.Response:
    return answer(shapes_talk.review_comment(call.hub.shapes, _comment(call)))


async def edit_comment(call: Call) -> web.Response:
    comment = _comment(call)
    threads.edit(call.hub, comment, checked_body(RESOURCE, call.body.get("body")), call.user)
    return answer(shapes_talk.review_comment(call.hub.shapes, comment))


async def delete_comment(call: Call) -> web.Response:
    threads.remove(call.hub, _comment(call), call.user)
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
