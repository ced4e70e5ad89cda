"""A merge queue waits for the check of a group's commit: the pull request's verdict is repeated.

Without an answer a required check would block every merge queue. The group's commit holds what was
reviewed on the pull request's own head; it is not reviewed again.
"""

from __future__ import annotations

import re
from functools import partial

from bot.github.repository import RepoClient
from bot.jobs import Step, recipe
from bot.models import (
    CHECK_NAME,
    CheckRun,
    CheckStatus,
    Conclusion,
    MergeGroupRequest,
    RunRecord,
)
from bot.publish import render
from bot.tasks.services import Services

_NUMBER = re.compile(r"/pr-(\d+)-[0-9a-f]{40,64}$")


@recipe("merge_group", version=1)
async def merge_group(services: Services, step: Step, request: MergeGroupRequest) -> None:
    """One check on the group's commit."""
    await step("repeat", partial(_repeat, services, step.job_id, request))


def pull_number(head_ref: str) -> int | None:
    """The pull request at the group's end: ``refs/heads/gh-readonly-queue/main/pr-12-SHA``."""
    match = _NUMBER.search(head_ref)
    return int(match[1]) if match else None


async def _repeat(services: Services, job_id: str, request: MergeGroupRequest) -> None:
    if services.policy.dry_run:
        return
    client = await services.client(request.installation_id, request.repo)
    if any(
        check.external_id == job_id for check in await client.checks(request.head_sha, CHECK_NAME)
    ):
        return
    number = pull_number(request.head_ref)
    run = await _verdict(services, client, request, number)
    conclusion = Conclusion(run.conclusion) if run is not None else Conclusion.ACTION_REQUIRED
    title, summary = render.merge_group(number, run)
    check = CheckRun(
        name=CHECK_NAME,
        head_sha=request.head_sha,
        status=CheckStatus.COMPLETED,
        conclusion=conclusion,
        title=title,
        summary=summary,
        external_id=job_id,
    )
    await client.create_check(check)


async def _verdict(
    services: Services, client: RepoClient, request: MergeGroupRequest, number: int | None
) -> RunRecord | None:
    """The newest finished run, if it was about the head that the pull request still has."""
    if number is None:
        return None
    run = await services.store.newest_finished_run(request.repo, number)
    pull = await client.pull(number)
    return run if run is not None and run.head_sha == pull.head_sha else None
