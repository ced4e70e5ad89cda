"""``/pulls/N/reviews``: many comments at once, all of them or none."""

from __future__ import annotations

from aiohttp import web

from bot.demo import payloads, shapes_talk, threads
from bot.demo.anchors import Place, in_words, problems
from bot.demo.refusal import (
    MAX_BODY,
    Refusal,
    invalid_request,
    unprocessable,
)
from bot.demo.rest.call import Call, Route, answer, needed, typed
from bot.demo.shapes import Json
from bot.demo.state import Pull, Review

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
    state = STATES.get(event or "", "PENDING")
    review = threads.new_review(call.hub, pull, call.user, body=body, state=state, head=head)
    for draft, place in zip(drafts, places, strict=True):
        threads.begin(call.hub, review, place, draft["body"], files)
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


_PULLS = "/repos/{owner}/{repo}/pulls"
ROUTES: tuple[Route, ...] = (
    ("GET", f"{_PULLS}/{{pull_number}}/reviews", list_reviews),
    ("POST", f"{_PULLS}/{{pull_number}}/reviews", create_review),
)
