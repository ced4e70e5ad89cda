"""``/pulls/N/reviews`` and ``/pulls/N/comments``: what is said on lines and files."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.demo import payloads, shapes_talk
from bot.demo.anchors import (
    COMMENT_WORDS,
    HUNK_BLANK,
    Place,
    diff_hunk,
    find_file,
    in_words,
    problems,
)
from bot.demo.anchors import PATH as PATH_PROBLEM
from bot.demo.diffs import File
from bot.demo.refusal import (
    MAX_BODY,
    Refusal,
    checked_body,
    invalid,
    invalid_request,
    not_found,
    unprocessable,
)
from bot.demo.rest.call import Call, Route, answer, needed, nothing, typed
from bot.demo.shapes import Json
from bot.demo.state import Pull, Review, ReviewComment, Thread

STATES = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}
KNOWN_IN_DRAFT = {"path", "position", "body", "line", "side", "start_line", "start_side"}
RESOURCE = "PullRequestReviewComment"
SIDES = ("LEFT", "RIGHT")
NOT_PART = "commit_id is not part of the pull request"


async def list_reviews(call: Call) -> web.Response:
    pull = call.pull()

    def show(review: Review) -> Json:
        return shapes_talk.review(call.hub.shapes, review)

    return call.page(call.hub.state.reviews_of(pull), show)


async def create_review(call: Call) -> web.Response:
    """All or nothing: one comment that cannot be placed refuses the review."""
    pull = call.pull()
    event = typed(call.body, "event", str)
    if event is not None and event not in STATES:
        raise unprocessable(f"Variable $event of type PullRequestReviewEvent was {event}")
    body = typed(call.body, "body", str, "") or ""
    drafts = typed(call.body, "comments", list, []) or []
    if len(body) > MAX_BODY:
        raise unprocessable(f"Body is too long (maximum is {MAX_BODY} characters)")
    if not body.strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not drafts)):
        raise unprocessable("Review body is required")
    head = await commit_of(call, pull, unprocessable(NOT_PART))
    files = await call.hub.files(pull, head)
    places = [_draft_place(draft) for draft in drafts]
    for place in places:
        wrong = problems(files, place)
        if wrong:
            raise unprocessable(in_words(wrong))
    for draft in drafts:
        if len(draft["body"]) > MAX_BODY:
            raise unprocessable(f"Body is too long (maximum is {MAX_BODY} characters)")
    review = new_review(call, pull, body, STATES.get(event or "", "PENDING"), head)
    for draft, place in zip(drafts, places, strict=True):
        add_comment(call, pull, review, place, draft["body"], files)
    payload = payloads.pull_request_review(call.hub.shapes, review, call.user)
    call.hub.emit("pull_request_review", call.repo, payload)
    return answer(shapes_talk.review(call.hub.shapes, review))


def _draft_place(draft: object) -> Place:
    if not isinstance(draft, dict):
        raise invalid_request(f"{draft!r} is not an object.")
    unknown = set(draft) - KNOWN_IN_DRAFT
    if unknown:
        raise invalid_request(f'"{min(unknown)}" is not a permitted key.')
    if "position" in draft:
        raise unprocessable("Position is out of use here: send line and side")
    if not needed(draft, "body").strip():
        raise unprocessable("Body can't be blank")
    return place_of(draft)


def place_of(body: Json) -> Place:
    line = typed(body, "line", int)
    if line is None:
        raise invalid_request('"line" wasn\'t supplied.')
    side = typed(body, "side", str, "RIGHT") or "RIGHT"
    start_side = typed(body, "start_side", str)
    for word in (side, start_side or side):
        if word not in SIDES:
            raise invalid_request(f"{word} is not a member of {list(SIDES)}.")
    return Place(
        path=needed(body, "path"),
        line=line,
        side=side,
        start_line=typed(body, "start_line", int),
        start_side=start_side,
    )


async def commit_of(call: Call, pull: Pull, refusal: Refusal) -> str:
    """The commit that is commented on: the head, or one that the pull request has or had."""
    sha = typed(call.body, "commit_id", str)
    if sha is None or sha in pull.heads:
        return sha or pull.head_sha
    known = len(sha) == 40 and await call.hub.git.sha(call.repo.path, sha)
    if not known or not await call.hub.git.contains(call.repo.path, sha, pull.head_sha):
        raise refusal
    return sha


def new_review(call: Call, pull: Pull, body: str, state: str, head: str) -> Review:
    review = Review(
        id=call.hub.state.new_id(),
        repo_id=pull.repo_id,
        number=pull.number,
        user=call.user,
        body=body,
        state=state,
        commit_id=head,
        submitted_at=call.hub.now(),
    )
    call.hub.state.reviews[review.id] = review
    return review


def add_comment(
    call: Call,
    pull: Pull,
    review: Review,
    place: Place | str,
    body: str,
    files: tuple[File, ...],
) -> ReviewComment:
    """A thread of its own; ``place`` is a path for a comment on a whole file."""
    now, state = call.hub.now(), call.hub.state
    number = state.new_id()
    thread = Thread(id=f"PRRT_kwDO{number:08d}", repo_id=pull.repo_id, number=pull.number)
    comment = ReviewComment(
        id=number,
        repo_id=pull.repo_id,
        number=pull.number,
        review_id=review.id,
        thread_id=thread.id,
        user=call.user,
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
    state.threads[thread.id] = thread
    state.review_comments[number] = comment
    call.hub.emit(
        "pull_request_review_comment",
        call.repo,
        payloads.review_comment(call.hub.shapes, comment, call.user),
    )
    return comment


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
    ("GET", f"{_PULLS}/{{pull_number}}/reviews", list_reviews),
    ("POST", f"{_PULLS}/{{pull_number}}/reviews", create_review),
    ("GET", f"{_PULLS}/{{pull_number}}/comments", list_comments),
    ("POST", f"{_PULLS}/{{pull_number}}/comments", create_comment),
    ("POST", f"{_PULLS}/{{pull_number}}/comments/{{comment_id}}/replies", reply),
    ("GET", f"{_PULLS}/comments/{{comment_id}}", get_comment),
    ("PATCH", f"{_PULLS}/comments/{{comment_id}}", edit_comment),
    ("DELETE", f"{_PULLS}/comments/{{comment_id}}", delete_comment),
)
