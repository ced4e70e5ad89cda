"""Answers to people: a reaction at once, one at the end, and a short reply only where needed."""

from __future__ import annotations

from functools import partial

from bot.errors import AccessLost, TryLater
from bot.guard import Failed, guard
from bot.ids import content_id
from bot.jobs import Step, recipe
from bot.models import ReplyRequest, ReviewRequest
from bot.publish import render
from bot.publish.marker import REPLY, Marker, has_marker, write
from bot.tasks.plan import NoRun
from bot.tasks.services import Services


@recipe("reply", version=1)
async def reply(services: Services, step: Step, request: ReplyRequest) -> None:
    """Answer one comment; asked twice, answered once."""
    await step("answer", partial(answer, services, request))


async def seen(services: Services, request: ReviewRequest) -> None:
    """The eyes on a command: it was heard."""
    await react(services, request, "eyes")


async def done(services: Services, request: ReviewRequest, *, well: bool) -> None:
    """The last reaction to a command."""
    await react(services, request, "rocket" if well else "confused")


async def declined(services: Services, request: ReviewRequest, declined: NoRun) -> None:
    """Tell whoever asked why nothing runs; nobody asked, nobody is told."""
    if request.asker is None or not declined.topic:
        return
    await answer(
        services,
        ReplyRequest(
            installation_id=request.installation_id,
            repo=request.repo,
            number=request.number,
            comment_id=request.asker.comment_id,
            topic=declined.topic,
            login=request.asker.login,
            detail=declined.detail,
            thread=request.asker.thread,
        ),
    )


async def react(services: Services, request: ReviewRequest | ReplyRequest, content: str) -> None:
    """Whoever deleted a comment meanwhile still gets what it asked for."""
    asked = _asked(request)
    if services.policy.dry_run or asked is None:
        return
    client = await services.client(request.installation_id, request.repo)
    comment_id, thread = asked
    work = client.react_in_thread if thread else client.react
    done = await guard("reply.react", work(comment_id, content))
    if isinstance(done, Failed) and isinstance(done.error, TryLater | AccessLost):
        raise done.error


async def answer(services: Services, request: ReplyRequest) -> None:
    """With a face that says whether it was heard or refused."""
    await react(services, request, render.reaction(request.topic))
    await say(services, request, render.reply(request, services.help_rows))


async def say(services: Services, request: ReplyRequest, text: str) -> None:
    """Where it was asked, and once: two commands in one comment have two answers."""
    if services.policy.dry_run or not text:
        return
    client = await services.client(request.installation_id, request.repo)
    about = content_id("a", f"{request.topic} {request.detail}")
    marker = Marker(kind=REPLY, issue=about, run=str(request.comment_id))
    body = f"{text}\n{write(marker)}"
    number, thread = request.number, request.thread
    there = await (client.review_comments(number) if thread else client.issue_comments(number))
    if any(c.author == client.login and has_marker(c.body, marker) for c in there):
        return
    if thread:
        await client.reply_in_thread(number, thread, body)
    else:
        await client.create_issue_comment(number, body)


def _asked(request: ReviewRequest | ReplyRequest) -> tuple[int, int] | None:
    """(comment, thread) of whoever asked, if anybody did."""
    if isinstance(request, ReplyRequest):
        return request.comment_id, request.thread
    asker = request.asker
    return None if asker is None else (asker.comment_id, asker.thread)
