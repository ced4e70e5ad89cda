"""One answer in the thread of an issue, given once; and its end, or its new beginning.

People delete comments while we work: a thread that is gone needs no answer any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.errors import GitHubError
from bot.models import Thread
from bot.publish import existing, marker
from bot.publish.publisher import Client

GONE: Final = 404
"""What GitHub says of a thread or comment that somebody has deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What is said about an issue; ``occasion`` is the id of the run or comment that led to it."""

    issue: str
    words: str
    occasion: str


async def say(client: Client, number: int, thread: Thread, turn: Turn) -> None:
    """A lost answer is looked for before it counts as an error."""
    mark = marker.Marker(kind=marker.REPLY, issue=turn.issue, run=turn.occasion)
    if existing.said(thread, mark, client.login):
        return
    body = f"{turn.words}\n{marker.write(mark)}"
    try:
        await client.reply_in_thread(number, thread.comments[0].id, body)
    except GitHubError as error:
        if error.status == GONE:
            return
        again = (await existing.issue_threads(client, number)).get(turn.issue)
        if error.status != 0 or again is None or not existing.said(again, mark, client.login):
            raise


async def end(client: Client, thread: Thread) -> bool:
    """Resolve it. False: the installation may not do it."""
    if thread.resolved:
        return True
    try:
        return await client.resolve_thread(thread.id)
    except GitHubError as error:
        if error.status != GONE:
            raise
    return True


async def begin_anew(client: Client, thread: Thread) -> bool:
    """Open it again. False: the installation may not do it."""
    if not thread.resolved:
        return True
    try:
        return await client.unresolve_thread(thread.id)
    except GitHubError as error:
        if error.status != GONE:
            raise
    return True
