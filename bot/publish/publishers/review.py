"""One review that carries the comments on lines, of new issues only.

GitHub's own diff is clipped where ours is not, so it may refuse a line. Which one it does not say:
the comments are halved until the refused ones are found, and those become comments on their file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import GitHubError, Unprocessable
from bot.models import DraftComment, Issue, Placement
from bot.publish import existing, render
from bot.publish.publisher import Client, Publication, Published, Publisher
from bot.publish.voice import voice


async def publish(publication: Publication, client: Client) -> Published:
    """Post what has no comment yet; tell every comment that stands, of earlier runs too."""
    number = publication.plan.pull.number
    there = await existing.issue_comments(client, number)
    known = {issue.id: there[issue.id] for issue in publication.result.issues if issue.id in there}
    planned = publication.planned()
    new = [
        issue
        for issue in publication.result.issues
        if planned.get(issue.id) is Placement.INLINE and issue.id not in there
    ]
    refused: list[Issue] = []
    if new:
        refused = await _post(publication, client, new)
        there = await existing.issue_comments(client, number)
        known |= {issue.id: there[issue.id] for issue in new if issue.id in there}
    return Published(
        placements={name: posted.placement for name, posted in known.items()},
        urls={name: posted.url for name, posted in known.items()},
        moved=tuple(issue.id for issue in refused),
        notes=_notes(refused),
    )


async def _post(publication: Publication, client: Client, issues: Sequence[Issue]) -> list[Issue]:
    """Post all of them in one review, or find out which ones GitHub refuses."""
    try:
        await _review(publication, client, issues)
    except Unprocessable:
        if len(issues) == 1:
            return list(issues)
        half = len(issues) // 2
        return [
            *await _post(publication, client, issues[:half]),
            *await _post(publication, client, issues[half:]),
        ]
    return []


async def _review(publication: Publication, client: Client, issues: Sequence[Issue]) -> None:
    pull = publication.plan.pull
    drafts = [_draft(issue, publication) for issue in issues]
    body = render.review_body(len(drafts), pull.head_sha)
    try:
        await client.create_review(pull.number, pull.head_sha, body, drafts)
    except GitHubError as error:
        # The answer was lost, not necessarily the review: what stands there tells.
        if error.status != 0 or not await _stands(client, pull.number, issues):
            raise


async def _stands(client: Client, number: int, issues: Sequence[Issue]) -> bool:
    there: Mapping[str, existing.Posted] = await existing.issue_comments(client, number)
    return all(issue.id in there for issue in issues)


def _draft(issue: Issue, publication: Publication) -> DraftComment:
    anchor = issue.anchor
    line = anchor.line if anchor.line is not None else 1
    return DraftComment(
        path=anchor.path,
        line=line,
        start_line=anchor.start_line,
        side=anchor.side,
        body=render.inline_comment(issue, voice(publication)),
    )


def _notes(refused: Sequence[Issue]) -> tuple[str, ...]:
    if not refused:
        return ()
    ids = ", ".join(issue.id for issue in refused)
    return (f"GitHub took no comment on the lines of {ids}; they are on their file or listed here",)


PUBLISHER = Publisher(name="review", stage=10, publish=publish)
