"""The check run: opened at the start of a run, closed with its verdict, found again by its id.

The run's id is the check's ``external_id``. Every opening and closing looks for that check first,
so a repeated step changes nothing, and one that crashed between two requests goes on where it was.
"""

from __future__ import annotations

from dataclasses import replace

from bot.models import (
    CHECK_NAME,
    Annotation,
    CheckAction,
    CheckRun,
    CheckStatus,
    Conclusion,
    Decision,
    PostedCheck,
    ReviewPlan,
    RunRecord,
)
from bot.publish import render
from bot.publish.publisher import CheckClient
from bot.publish.render.words import ANNOTATIONS


async def open_check(client: CheckClient, plan: ReviewPlan) -> PostedCheck:
    """The check in progress; the one that is there already, if there is one."""
    found = await find_check(client, plan.pull.head_sha, plan.run_id)
    if found is not None:
        return found
    title, summary = render.in_progress(plan)
    return await client.create_check(
        CheckRun(
            name=CHECK_NAME,
            head_sha=plan.pull.head_sha,
            status=CheckStatus.IN_PROGRESS,
            title=title,
            summary=summary,
            external_id=plan.run_id,
            details_url=plan.details_url,
        )
    )


async def close_check(
    client: CheckClient,
    plan: ReviewPlan,
    decision: Decision,
    *,
    summary: str = "",
    text: str = "",
    annotations: tuple[Annotation, ...] = (),
    actions: tuple[CheckAction, ...] = (),
    again: bool = False,
) -> PostedCheck:
    """The verdict. Without a ``summary`` the decision's reasons are all there is to tell.

    ``again``: a check that is completed gets this verdict instead of its own; its marks stay.
    """
    check = CheckRun(
        name=CHECK_NAME,
        head_sha=plan.pull.head_sha,
        status=CheckStatus.COMPLETED,
        conclusion=decision.conclusion,
        title=render.title(decision),
        summary=summary or render.without_review(plan, decision),
        text=text,
        external_id=plan.run_id,
        details_url=plan.details_url,
        actions=actions,
    )
    if again:
        found = await find_check(client, check.head_sha, check.external_id)
        if found is not None and found.status == CheckStatus.COMPLETED:
            return await client.update_check(found.id, check)
    return await _complete(client, check, annotations)


async def cancel_check(client: CheckClient, run: RunRecord, why: str) -> PostedCheck:
    """A run that ended before it had a verdict: its check must not go on looking busy."""
    title, summary = render.cancelled(why)
    check = CheckRun(
        name=CHECK_NAME,
        head_sha=run.head_sha,
        status=CheckStatus.COMPLETED,
        conclusion=Conclusion.CANCELLED,
        title=title,
        summary=summary,
        external_id=run.id,
    )
    return await _complete(client, check, ())


async def find_check(client: CheckClient, sha: str, run_id: str) -> PostedCheck | None:
    """The run's own check, the newest if there should be two."""
    found = [c for c in await client.checks(sha, CHECK_NAME) if c.external_id == run_id]
    return max(found, key=lambda check: check.id, default=None)


async def _complete(
    client: CheckClient, check: CheckRun, annotations: tuple[Annotation, ...]
) -> PostedCheck:
    """Annotations in batches, the conclusion with the last: before that it is not complete."""
    found = await find_check(client, check.head_sha, check.external_id)
    if found is not None and found.status == CheckStatus.COMPLETED:
        return found
    left = annotations[found.annotations :] if found is not None else annotations
    while len(left) > ANNOTATIONS:
        batch, left = left[:ANNOTATIONS], left[ANNOTATIONS:]
        busy = replace(check, status=CheckStatus.IN_PROGRESS, conclusion=None, annotations=batch)
        found = await _put(client, found, busy)
    return await _put(client, found, replace(check, annotations=left))


async def _put(client: CheckClient, found: PostedCheck | None, check: CheckRun) -> PostedCheck:
    if found is None:
        return await client.create_check(check)
    return await client.update_check(found.id, check)
