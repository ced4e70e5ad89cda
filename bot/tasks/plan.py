"""The first recorded step of a review: who reviews what, under which rules.

Nothing later asks settings or the repository's configuration which steps exist. The decisions are
pure functions of records (`choose`, `skip_reason`); `plan` fetches what they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import ids
from bot.agents.configured import first_developer
from bot.github.repository import RepoClient
from bot.jobs import recordable
from bot.models import (
    AgentSpec,
    Audience,
    Permission,
    PullRequest,
    RepoConfig,
    ReviewPlan,
    ReviewRequest,
    RunRecord,
    RunState,
    Trigger,
)
from bot.models.repo_config import PATH, combine, parse_repo_config
from bot.tasks.services import Services

RUNS_OF_AN_APPROVAL = 3
"""How often the head of an outsider's pull request is read in full for one approval."""


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class NoRun:
    """There is nothing to do. ``topic`` (and ``detail``) is told to whoever asked, if anybody."""

    reason: str
    topic: str = ""
    detail: str = ""


async def plan(services: Services, job_id: str, request: ReviewRequest) -> ReviewPlan | NoRun:
    """Decide about one review, and write the run down so that pages show it at once."""
    client = await services.client(request.installation_id, request.repo)
    pull = await client.pull(request.number)
    refusal = await _refusal(services, client, request, pull)
    if refusal is not None:
        return refusal
    config, problems = await repo_config(client, pull, services.policy.agents)
    audience = await audience_of(client, pull)
    approved_by = await _approval(services, request, pull)
    outsiders = config.outsiders_with(services.policy.outsiders)
    analyzers = {spec.name for spec in services.policy.agents if is_analyzer(services, spec)}
    agents, withheld = choose(
        services.policy.agents,
        config,
        analyzers=analyzers,
        allowed="all" if audience is Audience.TRUSTED or approved_by else outsiders,
    )
    # Made again after a crash in this very step, it is the same run.
    run_id = ids.content_id("r", job_id, length=10)
    made = ReviewPlan(
        run_id=run_id,
        pull=pull,
        installation_id=request.installation_id,
        agents=agents,
        config=config,
        fail_on=config.fail_on_with(services.policy.fail_on),
        audience=audience,
        approved=not withheld,
        withheld=withheld,
        config_problems=problems,
        skip_reason=skip_reason(pull, config, request.trigger),
        sandbox_note=services.policy.sandbox_note,
        dry_run=services.policy.dry_run,
        repairable=developer_of(services, config) is not None,
        judge=services.policy.judge,
        verify=services.policy.verify,
        limits=services.policy.limits,
        details_url=f"{services.policy.public_url}/runs/{run_id}"
        if services.policy.public_url
        else "",
    )
    await services.store.add_run(_record(services, made, job_id, request.trigger, approved_by))
    return made


def developer_of(services: Services, config: RepoConfig) -> AgentSpec | None:
    """The operator's, else the first agent of this repository's that can write."""
    if services.policy.developer is not None:
        return services.policy.developer
    agents, _withheld = choose(services.policy.agents, config, analyzers=set(), allowed="all")
    return first_developer(agents, services.kinds)


def choose(
    agents: Sequence[AgentSpec], config: RepoConfig, *, analyzers: set[str], allowed: str
) -> tuple[tuple[AgentSpec, ...], tuple[str, ...]]:
    """(agents that review, names that wait for a maintainer). ``allowed``: all, analyzers, none."""
    wanted = [a for a in agents if config.agents is None or a.name in config.agents]
    if allowed == "all":
        return tuple(wanted), ()
    runs = [a for a in wanted if allowed == "analyzers" and a.name in analyzers]
    return tuple(runs), tuple(a.name for a in wanted if a not in runs)


def skip_reason(pull: PullRequest, config: RepoConfig, trigger: Trigger) -> str:
    """Why nothing is reviewed; empty if it is. A person who asks for a review gets one."""
    if trigger is Trigger.COMMAND:
        return ""
    if pull.draft and not config.drafts:
        return "this is a draft; it is reviewed once it is ready, or on `/harness review`"
    labels = sorted(set(pull.labels) & set(config.skip_labels))
    if labels:
        return f"the label {labels[0]!r} switches the review off"
    return ""


async def _refusal(
    services: Services, client: RepoClient, request: ReviewRequest, pull: PullRequest
) -> NoRun | None:
    if request.asker is not None:
        held = await client.permission(request.asker.login)
        if not held.allows(request.asker.needs):
            return NoRun(
                reason="not permitted", topic="not-permitted", detail=request.asker.needs.value
            )
    if pull.state != "open":
        return NoRun(reason="the pull request is closed", topic="closed")
    if request.head_sha not in ("", pull.head_sha) and await _was_reviewed(services, pull):
        return NoRun(reason=f"the head moved on to {pull.head_sha}")
    return await _moved_approval(services, client, request, pull)


async def _was_reviewed(services: Services, pull: PullRequest) -> bool:
    """Whether there is a verdict about the newest head.

    If not, a delivery about an older head reviews the newest one: deliveries arrive in any order,
    and one that is late has ended the newest head's own job when it came.
    """
    runs = await services.store.runs_for_head(pull.repo, pull.head_sha)
    ended = (RunState.FINISHED, RunState.FAILED)
    return any(run.number == pull.number and run.state in ended for run in runs)


async def _moved_approval(
    services: Services, client: RepoClient, request: ReviewRequest, pull: PullRequest
) -> NoRun | None:
    """An approval counts for the head its author had seen reviewed, and for no other."""
    asker = request.asker
    if asker is None or await audience_of(client, pull) is Audience.TRUSTED:
        return None
    run = await services.store.newest_finished_run(
        pull.repo, pull.number, before=datetime.fromisoformat(asker.comment_created_at)
    )
    seen = run.head_sha if run is not None else ""
    if seen == pull.head_sha:
        return None
    commits = f"{seen} {pull.head_sha}"
    return NoRun(reason="approval of another head", topic="head-moved", detail=commits)


async def audience_of(client: RepoClient, pull: PullRequest) -> Audience:
    held = await client.permission(pull.author)
    return Audience.TRUSTED if held.allows(Permission.WRITE) else Audience.OUTSIDER


async def _approval(services: Services, request: ReviewRequest, pull: PullRequest) -> str:
    """Who approved exactly this head; the asker of this run has been checked already."""
    if request.asker is not None:
        await services.store.approve_head(
            pull.repo, pull.number, pull.head_sha, request.asker.login
        )
        return request.asker.login
    by = await services.store.approval(pull.repo, pull.number, pull.head_sha) or ""
    runs = await services.store.runs_for_head(pull.repo, pull.head_sha)
    paid = sum(run.number == pull.number and bool(run.approved_by) for run in runs)
    # Closing and reopening starts a run each time: one approval must not pay for all of them.
    return by if paid < RUNS_OF_AN_APPROVAL else ""


async def repo_config(
    client: RepoClient, pull: PullRequest, agents: Sequence[AgentSpec]
) -> tuple[RepoConfig, tuple[str, ...]]:
    """Read by SHA: the default branch decides, the base branch instructs, the head is not asked."""
    default_sha = await client.branch_sha(pull.default_branch)
    on_default = parse_repo_config(_text(await client.file(PATH, default_sha)))
    on_base = (
        on_default
        if pull.base_ref == pull.default_branch
        else parse_repo_config(_text(await client.file(PATH, pull.base_sha)))
    )
    config = combine(default=on_default.config, base=on_base.config)
    problems = [
        *on_default.problems,
        *(p for p in on_base.problems if p not in on_default.problems),
    ]
    known = {agent.name for agent in agents}
    unknown = [name for name in config.agents or () if name not in known]
    problems += [f"{PATH}: agents: there is no agent {name!r} here" for name in unknown]
    return config, tuple(problems)


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode("utf-8", "replace")


def is_analyzer(services: Services, spec: AgentSpec) -> bool:
    kind = services.kinds.get(spec.kind)
    return kind is not None and kind.analyzer


def _record(
    services: Services, made: ReviewPlan, job_id: str, trigger: Trigger, approved_by: str
) -> RunRecord:
    return RunRecord(
        id=made.run_id,
        job_id=job_id,
        repo=made.pull.repo,
        number=made.pull.number,
        head_sha=made.pull.head_sha,
        base_sha=made.pull.base_sha,
        trigger=trigger.value,
        state=RunState.RUNNING,
        started_at=services.clock.now(),
        installation_id=made.installation_id,
        approved_by=approved_by,
    )
