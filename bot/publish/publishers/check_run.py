"""The verdict, last: by then everything it speaks of stands on the pull request."""

from __future__ import annotations

from bot.publish import render
from bot.publish.check import close_check
from bot.publish.publisher import Client, Publication, Published, Publisher


async def publish(publication: Publication, client: Client) -> Published:
    """Conclusion, every issue by name, and marks on the lines."""
    summary, text = render.texts(publication)
    await close_check(
        client,
        publication.plan,
        publication.decision,
        summary=summary,
        text=text,
        annotations=render.marks(publication),
        actions=render.buttons(publication),
        again=publication.again,
    )
    return Published()


PUBLISHER = Publisher(name="check_run", stage=40, publish=publish, standing=True, verdict=True)
