"""``/issues``: the conversation, and reactions to comments of both kinds."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from bot.demo import conversation, shapes_talk
from bot.demo.refusal import checked_body, invalid, invalid_request, not_found
from bot.demo.rest.call import Call, Route, answer, needed, nothing
from bot.demo.shapes import Json
from bot.demo.state import Comment, Reaction, ReviewComment

RESOURCE = "IssueComment"


async def get_issue(call: Call) -> web.Response:
    """A pull request is an issue, too."""
    plain = call.hub.state.issues.get((call.repo.id, call.number("issue_number")))
    if plain is not None:
        return answer(shapes_talk.plain_issue(call.hub.shapes, plain))
    return answer(shapes_talk.issue(call.hub.shapes, call.pull("issue_number")))


async def list_comments(call: Call) -> web.Response:
    """The oldest first."""
    pull = call.pull("issue_number")
    since = _since(call)
    found = [
        comment
        for comment in call.hub.state.comments_of(pull)
        if since is None or comment.updated_at >= since
    ]

    def show(comment: Comment) -> Json:
        return shapes_talk.comment(call.hub.shapes, comment)

    return call.page(found, show)


def _since(call: Call) -> datetime | None:
    text = call.query.get("since")
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_request(f"{text} is not a timestamp.") from error


async def create_comment(call: Call) -> web.Response:
    pull = call.pull("issue_number")
    body = checked_body(RESOURCE, call.body.get("body"))
    comment = conversation.add(call.hub, pull, call.user, body, by_app=call.by_app)
    return answer(shapes_talk.comment(call.hub.shapes, comment), 201)


def _comment(call: Call) -> Comment:
    found = call.hub.state.comments.get(call.number("comment_id"))
    if found is None or found.repo_id != call.repo.id:
        raise not_found()
    return found


async def get_comment(call: Call) -> web.Response:
    return answer(shapes_talk.comment(call.hub.shapes, _comment(call)))


async def edit_comment(call: Call) -> web.Response:
    comment = _comment(call)
    body = checked_body(RESOURCE, call.body.get("body"))
    conversation.edit(call.hub, comment, body, call.user)
    return answer(shapes_talk.comment(call.hub.shapes, comment))


async def delete_comment(call: Call) -> web.Response:
    conversation.remove(call.hub, _comment(call), call.user)
    return nothing()


def _reacted_to(call: Call) -> Comment | ReviewComment:
    comments: dict[int, Comment] | dict[int, ReviewComment] = call.hub.state.comments
    if "/pulls/" in call.request.path:
        comments = call.hub.state.review_comments
    found = comments.get(call.number("comment_id"))
    if found is None or found.repo_id != call.repo.id:
        raise not_found()
    return found


async def list_reactions(call: Call) -> web.Response:
    def show(reaction: Reaction) -> Json:
        return shapes_talk.reaction(call.hub.shapes, reaction)

    return call.page(_reacted_to(call).reactions, show)


async def react(call: Call) -> web.Response:
    """The same reaction twice is one: 200 instead of 201."""
    comment = _reacted_to(call)
    content = needed(call.body, "content")
    if content not in shapes_talk.CONTENTS:
        raise invalid("Reaction", "content", "invalid")
    for known in comment.reactions:
        if (known.user, known.content) == (call.user, content):
            return answer(shapes_talk.reaction(call.hub.shapes, known))
    reaction = Reaction(
        id=call.hub.state.new_id(), user=call.user, content=content, created_at=call.hub.now()
    )
    comment.reactions.append(reaction)
    return answer(shapes_talk.reaction(call.hub.shapes, reaction), 201)


_REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    ("GET", f"{_REPO}/issues/{{issue_number}}", get_issue),
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments", list_comments),
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments", create_comment),
    ("GET", f"{_REPO}/issues/comments/{{comment_id}}", get_comment),
    ("PATCH", f"{_REPO}/issues/comments/{{comment_id}}", edit_comment),
    ("DELETE", f"{_REPO}/issues/comments/{{comment_id}}", delete_comment),
    ("GET", f"{_REPO}/issues/comments/{{comment_id}}/reactions", list_reactions),
    ("POST", f"{_REPO}/issues/comments/{{comment_id}}/reactions", react),
    ("GET", f"{_REPO}/pulls/comments/{{comment_id}}/reactions", list_reactions),
    ("POST", f"{_REPO}/pulls/comments/{{comment_id}}/reactions", react),
)
