"""The first recorded step of a repair: what is repaired, by whom, for whom, and where it may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import ids
from bot.findings.states import OPEN
from bot.github.repository import RepoClient
from bot.jobs import recordable
from bot.models import (
    AgentSpec,
    Audience,
    FailOn,
    Issue,
    IssueState,
    KnownIssue,
    Limits,
    Permission,
    PullRequest,
    RefactorRequest,
    RepoConfig,
    RunRecord,
    RunState,
    Trigger,
)
from bot.tasks.plan import NoRun, audience_of, choose, developer_of, is_analyzer, repo_config
from bot.tasks.services import Services

NEEDS = Permission.WRITE
AUTOMATIC = 3
"""Repairs that one pull request gets without anybody asking."""
MAX_NAMED = 20


@recordable
@dataclass(frozen=True, kw_only=True, slots=True)
class RefactorPlan:
    """Nothing later asks settings, GitHub or the store which steps exist."""

    run_id: str
    pull: PullRequest
    installation_id: int
    developer: AgentSpec
    agents: tuple[AgentSpec, ...]
    config: RepoConfig
    fail_on: FailOn
    targets: tuple[Issue, ...]
    known: tuple[KnownIssue, ...]
    max_iterations: int
    seconds: int
    """When it was planned, since 1970: the time of its commits."""
    by: str = ""
    by_id: int = 0
    bot: str = ""
    mail_host: str = ""
    limits: Limits = field(default_factory=Limits)
    details_url: str = ""
    planner: AgentSpec | None = None
    """Reads the tree before the developer does, and says what to do."""


async def plan(services: Services, job_id: str, request: RefactorRequest) -> RefactorPlan | NoRun:
    """Decide about one repair, and write the run down so that pages show it at once."""
    client = await services.client(request.installation_id, request.repo)
    if request.by:
        held = await client.permission(request.by)
        if not held.allows(NEEDS):
            return NoRun(reason="not permitted", topic="not-permitted", detail=NEEDS.value)
    pull = await client.pull(request.number)
    refusal = await _refusal(services, client, request, pull)
    if refusal is not None:
        return refusal
    config, _problems = await repo_config(client, pull, services.policy.agents)
    known = await services.store.known_issues(pull.repo, pull.number, list(IssueState))
    wanted = _wanted(known, request, config)
    if isinstance(wanted, NoRun):
        return wanted
    agents, _withheld = choose(services.policy.agents, config, analyzers=set(), allowed="all")
    developer = developer_of(services, config)
    if developer is None:
        return NoRun(reason="no developer", topic="no-developer")
    found = [await services.store.issue(pull.repo, pull.number, name) for name in wanted]
    run_id = ids.content_id("r", job_id, length=10)
    made = RefactorPlan(
        run_id=run_id,
        pull=pull,
        installation_id=request.installation_id,
        developer=developer,
        agents=_readers(services, agents),
        config=config,
        fail_on=config.fail_on_with(services.policy.fail_on),
        targets=tuple(issue for issue in found if issue is not None),
        known=tuple(known),
        max_iterations=services.policy.max_iterations,
        seconds=int(services.clock.now().timestamp()),
        by=request.by,
        by_id=request.asker.user_id if request.asker is not None else request.presser_id,
        bot=client.login,
        mail_host=services.policy.mail_host,
        limits=services.policy.limits,
        planner=services.policy.planner,
        details_url=f"{services.policy.public_url}/runs/{run_id}"
        if services.policy.public_url
        else "",
    )
    await services.store.add_run(_record(services, made, job_id))
    return made


def _readers(services: Services, agents: Sequence[AgentSpec]) -> tuple[AgentSpec, ...]:
    """Everybody who reviews here; whoever found an issue has to look again."""
    known = [agent for agent in agents if agent.kind in services.kinds]
    return tuple(sorted(known, key=lambda agent: is_analyzer(services, agent), reverse=True))


async def _refusal(
    services: Services, client: RepoClient, request: RefactorRequest, pull: PullRequest
) -> NoRun | None:
    if pull.state != "open":
        return NoRun(reason="the pull request is closed", topic="closed")
    seen = await _seen(services, request, pull)
    if seen != pull.head_sha:
        return NoRun(reason="the head moved", topic="head-moved", detail=f"{seen} {pull.head_sha}")
    if request.by:
        return None
    # Nobody asked: only for people who may spend, never after our own push, and not for ever.
    if await audience_of(client, pull) is not Audience.TRUSTED:
        return NoRun(reason="its author has no write permission")
    if await pushed_by_us(services, pull):
        return NoRun(reason="its head is our own commit")
    if await _automatic_so_far(services, pull) >= AUTOMATIC:
        return NoRun(reason=f"there were {AUTOMATIC} repairs that nobody asked for")
    return None


async def _seen(services: Services, request: RefactorRequest, pull: PullRequest) -> str:
    """The head that whoever asked had before them."""
    if request.asker is None:
        return request.head_sha
    run = await services.store.newest_finished_run(
        pull.repo, pull.number, before=datetime.fromisoformat(request.asker.comment_created_at)
    )
    return run.head_sha if run is not None else ""


def _wanted(
    known: Sequence[KnownIssue], request: RefactorRequest, config: RepoConfig
) -> tuple[str, ...] | NoRun:
    """Ids of the issues to repair."""
    still = [issue for issue in known if issue.state in OPEN]
    if not request.by:
        still = [issue for issue in still if issue.severity.value in config.auto_refactor]
    by_word = {issue.id.casefold(): issue.id for issue in still}
    named = [word.strip("`#.,:;").casefold() for word in request.issues]
    for word, name in zip(request.issues, named, strict=True):
        if name not in by_word:
            ids_open = " ".join(issue.id for issue in still[:MAX_NAMED])
            return NoRun(
                reason="no such issue", topic="no-such-issue", detail=f"{word} {ids_open}".strip()
            )
    chosen = tuple(dict.fromkeys(by_word[name] for name in named)) or tuple(by_word.values())
    return chosen or NoRun(reason="nothing is open", topic="nothing-open")


def patch_of(repo: str, number: int, run_id: str) -> str:
    """Where the work of a repair is kept; it goes with the repository."""
    return f"refactor/{repo}#{number}/patch/{run_id}"


def mark_of(repo: str, number: int, sha: str) -> str:
    """Where it is written down that a commit is ours."""
    return f"refactor/{repo}#{number}/commit/{sha}"


async def pushed_by_us(services: Services, pull: PullRequest) -> bool:
    key = mark_of(pull.repo.full_name, pull.number, pull.head_sha)
    return await services.store.get_blob(key) is not None


async def _automatic_so_far(services: Services, pull: PullRequest) -> int:
    runs = await services.store.runs(200, repo=pull.repo, number=pull.number)
    return sum(run.trigger == Trigger.REFACTOR.value and not run.approved_by for run in runs)


def _record(services: Services, made: RefactorPlan, job_id: str) -> RunRecord:
    return RunRecord(
        id=made.run_id,
        job_id=job_id,
        repo=made.pull.repo,
        number=made.pull.number,
        head_sha=made.pull.head_sha,
        base_sha=made.pull.base_sha,
        trigger=Trigger.REFACTOR.value,
        state=RunState.RUNNING,
        started_at=services.clock.now(),
        installation_id=made.installation_id,
        approved_by=made.by,
    )
