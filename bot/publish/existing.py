"""What harness has posted on a pull request already, found by its own markers."""

from __future__ import annotations

from dataclasses import dataclass

from bot.models import Comment, Placement, Thread
from bot.publish import marker
from bot.publish.publisher import Client

_PLACES = {marker.INLINE: Placement.INLINE, marker.FILE: Placement.FILE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """One comment about one issue."""

    placement: Placement
    url: str


async def issue_comments(client: Client, number: int) -> dict[str, Posted]:
    """Issue id -> its comment; the oldest, should there be two."""
    found: dict[str, Posted] = {}
    for mark, comment in marker.own(await client.review_comments(number), client.login):
        if mark.issue and mark.kind in _PLACES:
            found.setdefault(mark.issue, Posted(placement=_PLACES[mark.kind], url=comment.url))
    return found


async def issue_threads(client: Client, number: int) -> dict[str, Thread]:
    """Issue id -> the thread that harness began about it; the oldest, should there be two."""
    found: dict[str, Thread] = {}
    for thread in await client.threads(number):
        mark = marker.own(thread.comments[:1], client.login)  # a person's, after ours was deleted
        if mark and mark[0][0].issue and mark[0][0].kind in _PLACES:
            found.setdefault(mark[0][0].issue, thread)
    return found


def said(thread: Thread, mark: marker.Marker, login: str) -> bool:
    """Whether harness gave exactly this answer in it."""
    return any(mark == found for found, _comment in marker.own(thread.comments, login))


async def summary_comment(client: Client, number: int) -> Comment | None:
    """The sticky summary; the oldest, should there be two."""
    comments = marker.own(await client.issue_comments(number), client.login)
    return next((comment for mark, comment in comments if mark.kind == marker.SUMMARY), None)
