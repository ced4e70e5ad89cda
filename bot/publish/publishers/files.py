"""Comments on files, one by one: for new issues whose lines the diff does not show."""

from __future__ import annotations

from bot.errors import GitHubError, Unprocessable
from bot.models import Issue, Placement
from bot.publish import existing, render
from bot.publish.publisher import Client, Publication, Published, Publisher
from bot.publish.voice import voice


async def publish(publication: Publication, client: Client) -> Published:
    """GitHub takes them one at a time; a refused one is listed in the summary."""
    planned = publication.planned()
    wanted = [i for i in publication.result.issues if planned.get(i.id) is Placement.FILE]
    if not wanted:
        return Published()
    number = publication.plan.pull.number
    there = await existing.issue_comments(client, number)
    posted: dict[str, existing.Posted] = {}
    refused: list[str] = []
    for issue in wanted:
        known = there.get(issue.id)
        comment = known if known is not None else await _post(publication, client, issue)
        if comment is None:
            refused.append(issue.id)
        else:
            posted[issue.id] = comment
    return Published(
        placements={name: comment.placement for name, comment in posted.items()},
        urls={name: comment.url for name, comment in posted.items()},
        notes=_notes(refused),
    )


async def _post(publication: Publication, client: Client, issue: Issue) -> existing.Posted | None:
    """None if GitHub refuses it: its own list of files may be clipped."""
    pull = publication.plan.pull
    body = render.file_comment(issue, voice(publication))
    try:
        made = await client.create_file_comment(pull.number, pull.head_sha, issue.anchor.path, body)
    except Unprocessable:
        return None
    except GitHubError as error:
        found = (await existing.issue_comments(client, pull.number)).get(issue.id)
        if error.status != 0 or found is None:
            raise
        return found
    return existing.Posted(placement=Placement.FILE, url=made.url)


def _notes(refused: list[str]) -> tuple[str, ...]:
    if not refused:
        return ()
    return (f"GitHub took no comment on the files of {', '.join(refused)}; they are listed here",)


PUBLISHER = Publisher(name="files", stage=20, publish=publish)
