"""The sticky summary: one comment of the conversation, edited in place by every run."""

from __future__ import annotations

from bot.errors import GitHubError
from bot.models import Comment
from bot.publish import existing, render
from bot.publish.publisher import Client, Publication, Published, Publisher


async def publish(publication: Publication, client: Client) -> Published:
    """Found by marker and author; touched only when it would say something else."""
    number = publication.plan.pull.number
    there = await existing.summary_comment(client, number)
    if publication.plan.skip_reason:
        # The check says why nothing was read; a comment about it would be one more mail.
        return Published(summary_url=there.url if there else "")
    body = render.summary(publication)
    if there is None:
        comment = await _create(client, number, body)
    elif _same(there.body, body):
        comment = there
    else:
        comment = await client.update_issue_comment(there.id, body)
    return Published(summary_url=comment.url)


async def _create(client: Client, number: int, body: str) -> Comment:
    try:
        return await client.create_issue_comment(number, body)
    except GitHubError as error:
        there = await existing.summary_comment(client, number) if error.status == 0 else None
        if there is None:
            raise
        return there


def _same(one: str, other: str) -> bool:
    """GitHub may hand line ends back in its own way."""
    return one.replace("\r\n", "\n").strip() == other.strip()


PUBLISHER = Publisher(name="summary", stage=30, publish=publish, standing=True)
