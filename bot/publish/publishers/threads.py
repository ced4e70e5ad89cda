"""The threads of issues whose state changed: answered, resolved, opened again.

Only threads that harness began about an issue are touched. One in which somebody else has written
is answered and left to the people in it, and so is one that this installation may not resolve.
"""

from __future__ import annotations

from bot.models import IssueState, Thread
from bot.publish import existing, render
from bot.publish.publisher import Client, Publication, Published, Publisher
from bot.publish.turns import Turn, begin_anew, end, say


async def publish(publication: Publication, client: Client) -> Published:
    """Addressed and stale ones end, reopened ones begin anew; all others are left alone."""
    gone, back = _gone(publication), _back(publication)
    if not gone and not back:
        return Published()
    number = publication.plan.pull.number
    there = await existing.issue_threads(client, number)
    refused: list[str] = []
    for turn in (*gone, *back):
        thread = there.get(turn.issue)
        if thread is None:
            continue
        await say(client, number, thread, turn)
        if not await _settle(client, thread, over=turn in gone):
            refused.append(turn.issue)
    return Published(notes=_notes(refused))


async def _settle(client: Client, thread: Thread, *, over: bool) -> bool:
    """False: the installation may not do it."""
    if not over:
        return await begin_anew(client, thread)
    return bool(thread.people) or await end(client, thread)


def _gone(publication: Publication) -> list[Turn]:
    run, secrets = publication.plan.run_id, publication.secrets
    return [
        Turn(issue=c.issue.id, words=render.gone(c, secrets), occasion=run)
        for c in publication.result.closed
    ]


def _back(publication: Publication) -> list[Turn]:
    run, result = publication.plan.run_id, publication.result
    return [
        Turn(
            issue=issue.id,
            words=render.found_again(issue, result.head_sha, publication.secrets),
            occasion=run,
        )
        for issue in result.issues
        if issue.state is IssueState.REOPENED
    ]


def _notes(refused: list[str]) -> tuple[str, ...]:
    if not refused:
        return ()
    return (
        f"the threads of {', '.join(refused)} were answered and left as they are: to resolve"
        " threads, GitHub asks for the App's permission `contents: write`",
    )


PUBLISHER = Publisher(name="threads", stage=25, publish=publish)
