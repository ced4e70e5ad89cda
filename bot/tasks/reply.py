"""Answers to people: a reaction at once, one at the end, and a short reply only where needed."""

from __future__ import annotations

from functools import partial

from bot.errors import AccessLost, TryLater
from bot.guard import Failed, guard
from bot.ids import content_id
from bot.jobs import Step, recipe
from bot.models import ReplyRequest, ReviewRequest
from bot.publish import render
from bot.publish.marker import Marker, has_marker
from bot.tasks.plan import NoRun
from bot.tasks.services import Services


@recipe("reply", version=1)
async def reply(services: Services, step: Step, request: ReplyRequest) -> None:
    """Answer one comment; asked twice, answered once."""
    await step("answer", partial(_answer, services, request))


async def seen(services: Services, request: ReviewRequest) -> None:
    """The eyes on a command: it was heard."""
    if request.asker is not None:
        await _react(services, request, request.asker.comment_id, "eyes")


async def done(services: Services, request: ReviewRequest, *, well: bool) -> None:
    """The last reaction to a command."""
    if request.asker is not None:
        await _react(services, request, request.asker.comment_id, "rocket" if well else "confused")


async def declined(services: Services, request: ReviewRequest, declined: NoRun) -> None:
    """Tell whoever asked why nothing runs; nobody asked, nobody is told."""
    if request.asker is None or not declined.topic:
        return
    await _answer(
        services,
        ReplyRequest(
            installation_id=request.installation_id,
            repo=request.repo,
            number=request.number,
            comment_id=request.asker.comment_id,
            topic=declined.topic,
            login=request.asker.login,
            detail=declined.detail,
        ),
    )


async def _react(
    services: Services, request: ReviewRequest | ReplyRequest, comment_id: int, content: str
) -> None:
    """Whoever deleted a comment meanwhile still gets what it asked for."""
    if services.policy.dry_run:
        return
    client = await services.client(request.installation_id, request.repo)
    done = await guard("reply.react", client.react(comment_id, content))
    if isinstance(done, Failed) and isinstance(done.error, TryLater | AccessLost):
        raise done.error


async def _answer(services: Services, request: ReplyRequest) -> None:
    if services.policy.dry_run:
        return
    client = await services.client(request.installation_id, request.repo)
    # Two commands in one comment have two answers; the same answer is given once.
    about = content_id("a", f"{request.topic} {request.detail}")
    marker = Marker(kind="reply", issue=about, run=str(request.comment_id))
    comments = await client.issue_comments(request.number)
    if any(c.author == client.login and has_marker(c.body, marker) for c in comments):
        return
    await _react(services, request, request.comment_id, render.reaction(request.topic))
    text = render.reply(request, services.help_rows, marker)
    if text:
        await client.create_issue_comment(request.number, text)
