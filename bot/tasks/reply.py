"""Answers to people: a reaction at once, one at the end, and a short reply only where needed."""

from __future__ import annotations

from functools import partial

from bot.errors import AccessLost, TryLater
from bot.guard import Failed, guard
from bot.ids import content_id
from bot.jobs import Step, recipe
from bot.models import CommandRequest, IssueRequest, RefactorRequest, ReplyRequest, ReviewRequest
from bot.publish import render
from bot.publish.marker import REPLY, Marker, has_marker, write
from bot.tasks.plan import NoRun
from bot.tasks.services import Services


@recipe("reply", version=1)
async def reply(services: Services, step: Step, request: ReplyRequest) -> None:
    """Answer one comment; asked twice, answered once."""
    await step("answer", partial(answer, services, request))


Asked = ReviewRequest | RefactorRequest | CommandRequest | IssueRequest
"""What a command asks for, that has its own faces and answers."""


async def seen(services: Services, request: Asked) -> None:
    """The eyes on a command: it was heard."""
    await react(services, request, "eyes")


async def done(services: Services, request: Asked, *, well: bool) -> None:
    """The last reaction to a command."""
    await react(services, request, "rocket" if well else "confused")


async def declined(services: Services, request: Asked, declined: NoRun) -> None:
    """Tell whoever asked why nothing runs; nobody asked, nobody is told."""
    asker = request.asker
    pressed = isinstance(request, RefactorRequest) and bool(request.presser)
    if not declined.topic or (asker is None and not pressed):
        return
    login = request.by if isinstance(request, RefactorRequest) else ""
    told = ReplyRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        comment_id=asker.comment_id if asker is not None else 0,
        topic=declined.topic,
        login=asker.login if asker is not None else login,
        detail=declined.detail,
        thread=asker.thread if asker is not None else 0,
    )
    if asker is not None:
        await answer(services, told)
    else:  # there is no comment to put a face to
        await say(services, told, render.reply(told, services.help_rows))


def to(request: CommandRequest | IssueRequest, topic: str, detail: str = "") -> ReplyRequest:
    """Where the answer to a command goes."""
    asker = request.asker
    return ReplyRequest(
        installation_id=request.installation_id,
        repo=request.repo,
        number=request.number,
        comment_id=asker.comment_id,
        topic=topic,
        login=asker.login,
        detail=detail,
        thread=asker.thread,
    )


async def react(services: Services, request: Asked | ReplyRequest, content: str) -> None:
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


def _asked(request: Asked | ReplyRequest) -> tuple[int, int] | None:
    """(comment, thread) of whoever asked, if anybody did."""
    if isinstance(request, ReplyRequest):
        return request.comment_id, request.thread
    asker = request.asker
    return None if asker is None else (asker.comment_id, asker.thread)
