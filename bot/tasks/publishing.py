"""Puts a finished review where people see it, one recorded step for each publisher."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from bot.errors import GitHubError, Superseded, TryLater
from bot.findings.policy import decide
from bot.github.repository import RepoClient
from bot.guard import Failed, guard
from bot.jobs import Step, recordable
from bot.jobs.serializer import decode, encode
from bot.log import logger
from bot.models import (
    Bill,
    Decision,
    Issue,
    IssueState,
    Placement,
    Repo,
    ReviewPlan,
    ReviewResult,
    RunState,
)
from bot.publish.check import open_check
from bot.publish.publisher import Publication, Published, Publisher, failed, ordered
from bot.tasks import learning
from bot.tasks.services import Services
from bot.tasks.siblings import shared_verdict

recordable(Published)
recordable(Publication)

_log = logger(__name__)


async def begin(services: Services, plan: ReviewPlan) -> None:
    """The check in progress: the first thing people see."""
    if not plan.dry_run:
        client = await services.client(plan.installation_id, plan.pull.repo)
        await open_check(client, plan)


async def publish(
    services: Services, step: Step, plan: ReviewPlan, result: ReviewResult
) -> Decision:
    """All publishers in order; what one could not do is reported by the next."""
    decision = verdict(plan, result)
    bill = await step("save", partial(save, services, plan, result))
    publication = Publication(
        plan=plan,
        result=result,
        decision=decision,
        commands=tuple(name.split()[1] for name, _who, _what in services.help_rows),
        secrets=services.secrets,
        bill=bill,
    )
    if not plan.dry_run:
        publication = await _in_order(services, step, publication, services.publishers.values())
    await step("finish", partial(_finish, services, publication))
    return decision


async def publish_again(services: Services, step: Step, publication: Publication) -> None:
    """The same review, as things stand now: only what says how they stand is said anew."""
    publication = replace(
        publication,
        again=True,
        decision=verdict(publication.plan, publication.result),
        secrets=services.secrets,
    )
    standing = [publisher for publisher in services.publishers.values() if publisher.standing]
    await _in_order(services, step, publication, standing)
    await step("restate", partial(_restate, services, publication))


async def _in_order(
    services: Services, step: Step, publication: Publication, publishers: Iterable[Publisher]
) -> Publication:
    for publisher in ordered(publishers):
        work = partial(_publish, services, publisher, publication)
        done = await step(f"publish {publisher.name}", work)
        if isinstance(done, str):
            _insist(publisher, done)
            publication = failed(publication, publisher, done)
        else:
            publication = publication.after(done)
    return publication


def _insist(publisher: Publisher, reason: str) -> None:
    """Without its verdict a check would look busy for ever: then the run ends as a failed one."""
    if publisher.verdict:
        raise GitHubError(f"the verdict could not be posted: {reason}")


def verdict(plan: ReviewPlan, result: ReviewResult) -> Decision:
    """The plan's rules applied to what the run found."""
    return decide(
        result.reports,
        result.issues,
        result.carried,
        plan.fail_on,
        skip_reason=plan.skip_reason,
        approved=plan.approved,
        withheld=plan.withheld,
        head_sha=plan.pull.head_sha,
        unread=sum(skipped.unread for skipped in result.skipped),
        held=len(result.held),
    )


async def save(services: Services, plan: ReviewPlan, result: ReviewResult) -> Bill | None:
    """Before anything is posted: what was found must not depend on GitHub's answer.

    Returns what it cost so far (None in the records of an older version).
    """
    await services.store.add_agent_reports(plan.run_id, (*result.reports, *result.later))
    await services.store.save_issues(
        plan.run_id,
        plan.pull.repo,
        plan.pull.number,
        plan.pull.head_sha,
        _all_issues(result),
        {},
        result.closed,
    )
    await learning.from_closings(services, plan, result.closed)
    return Bill(
        run=await services.store.cost_of_run(plan.run_id),
        pull=await services.store.cost_of_pull(plan.pull.repo, plan.pull.number),
    )


def _all_issues(result: ReviewResult) -> tuple[Issue, ...]:
    """Those held back too, as closed ones: a later run that finds them again posts them as new."""
    held = (replace(item.issue, state=IssueState.STALE) for item in result.held)
    return (*result.issues, *held)


async def _publish(
    services: Services, publisher: Publisher, publication: Publication
) -> Published | str:
    """What it confirmed, or the reason why it could not finish."""
    plan = publication.plan
    client = await services.client(plan.installation_id, plan.pull.repo)
    await _still_newest(client, plan)
    decision = await shared_verdict(services, client, plan, publication.decision)
    publication = replace(publication, decision=decision)
    done = await guard(f"publish.{publisher.name}", publisher.publish(publication, client))
    if isinstance(done, Failed):
        if isinstance(done.error, (TryLater, Superseded)):
            raise done.error  # the step waits, or the run ends
        return done.reason
    return done


async def _still_newest(client: RepoClient, plan: ReviewPlan) -> None:
    """Nothing is ever posted for a head that is not the newest."""
    pull = await client.pull(plan.pull.number)
    if pull.head_sha != plan.pull.head_sha:
        raise Superseded(f"superseded by {pull.head_sha[:7]}")
    if pull.state != "open":
        raise Superseded("the pull request was closed")


def _told(publication: Publication) -> dict[str, Placement]:
    """Where people can read each issue of this run; nowhere, if there is no summary."""
    if not publication.summary_url:
        return {}
    return {issue.id: publication.placement(issue) for issue in publication.result.issues}


async def kept(services: Services, repo: Repo, number: int) -> Publication | None:
    """The newest review of a pull request as it was published."""
    data = await services.store.get_blob(_place(repo, number))
    return None if data is None else decode(data.decode("ascii"))


async def forget(services: Services, repo: Repo, number: int) -> None:
    await services.store.delete_blobs(_place(repo, number))


async def forget_all(services: Services, repo: Repo) -> None:
    for kind in ("review", "refactor"):
        await services.store.delete_blobs(f"{kind}/{repo.full_name}#")


def _place(repo: Repo, number: int) -> str:
    # The end keeps pull request 1 apart from pull request 12.
    return f"review/{repo.full_name}#{number}/newest"


async def _keep(services: Services, publication: Publication) -> None:
    """For whoever changes later how its issues stand; secrets are not written down."""
    pull = publication.plan.pull
    text = encode(replace(publication, secrets=()))
    await services.store.put_blob(_place(pull.repo, pull.number), text.encode("ascii"))


async def _restate(services: Services, publication: Publication) -> None:
    decision = publication.decision
    await services.store.restate_run(
        publication.plan.run_id, decision.conclusion.value, decision.title
    )
    await _keep(services, publication)


async def _finish(services: Services, publication: Publication) -> None:
    plan, decision = publication.plan, publication.decision
    await services.store.save_issues(
        plan.run_id,
        plan.pull.repo,
        plan.pull.number,
        plan.pull.head_sha,
        (),
        {**publication.placements, **_told(publication)},
    )
    await _keep(services, publication)
    _log.info("review.finished", conclusion=decision.conclusion.value, title=decision.title)
    await services.store.finish_run(
        plan.run_id,
        RunState.FINISHED,
        decision.conclusion.value,
        decision.title,
        services.clock.now(),
    )
