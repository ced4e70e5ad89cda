"""Fan-out, parse, anchor, merge: `review`, the one path of every kind of review.

`review` is called by the durable recipe (where ``step`` records each part), by ``harness review``
(where ``step`` just runs it) and by the refactor loop. Each agent is a step of its own, so that a
crash repeats only the agents that had not finished. What lies on disk is not part of any recorded
value: ``source`` makes sure of it again whenever a step needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from bot.agents.audience import attending
from bot.agents.fanout import finish_run, run_agent
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.checkpoints.explain import cited, explains
from bot.context.prompt import DIFF, GUARDS, compose
from bot.context.sections import PROMPT_TOKENS
from bot.errors import AgentFailed, AgentMisconfigured, BudgetTooSmall
from bot.log import bound, logger
from bot.models import (
    AgentReport,
    AgentRun,
    Change,
    Failure,
    FailureKind,
    Issue,
    IssueState,
    Part,
    ReportState,
    ReviewResult,
    Role,
    RunConfig,
    RunError,
    RunSummary,
    VerifyMode,
)
from bot.models.context import ReviewContext
from bot.runner.again import reported, run_until_readable
from bot.runner.budget import Budget
from bot.runner.judge import judged
from bot.runner.member import Panelist, Source, Step
from bot.runner.parts import combined, share_of
from bot.runner.settling import settled
from bot.runner.spending import Spending
from bot.runner.verify import verified
from bot.sandbox.counting import counted

COUNTS = 4
"""How often a prompt is made smaller by its provider's count."""

_log = logger(__name__)


async def review(
    source: Source,
    agents: Sequence[Panelist],
    context: ReviewContext,
    step: Step,
    *,
    clock: Clock,
    sinks: Sequence[Sink] = (),
    judge: Panelist | None = None,
    verify: VerifyMode = VerifyMode.OFF,
    budget: Budget | None = None,
) -> ReviewResult:
    """Let every agent read the change at the same time, and merge what they say.

    With a ``budget`` each call of a model is counted, and nobody starts who may spend nothing. Then
    second agents try to refute the issues that ``verify`` says, and a ``judge`` has its say; the
    run is over for the sinks when all have.
    """
    started_at = clock.now()
    reports: list[AgentReport] = []
    result: ReviewResult | None = None
    try:
        parts = await step("parts", partial(_parts, source))
        ask = partial(_ask, source, context, clock=clock, sinks=sinks, budget=budget)
        reports = await _all([_reported(agent, parts, step, ask) for agent in agents])
        analyzers = frozenset(a.spec.name for a in agents if a.kind.analyzer)
        work = partial(_merged, source, tuple(reports), analyzers, context, clock)
        result = await step("merge", work)
        result = await verified(
            verify,
            agents,
            result,
            source,
            step,
            analyzers=analyzers,
            clock=clock,
            sinks=sinks,
            budget=budget,
        )
        if judge is not None:
            result = await judged(
                judge,
                result,
                source,
                step,
                analyzers=analyzers,
                clock=clock,
                sinks=sinks,
                budget=budget,
            )
    finally:
        last = [] if result is None else result.later
        summary = RunSummary(
            started_at=started_at,
            finished_at=clock.now(),
            cancelled=len(reports) < len(agents),
            agent_runs=tuple(report.run for report in (*reports, *last)),
        )
        await finish_run(sinks, summary)
    return result


async def _merged(
    source: Source,
    reports: tuple[AgentReport, ...],
    analyzers: frozenset[str],
    context: ReviewContext,
    clock: Clock,
) -> ReviewResult:
    """New issues say in which session their lines were written, where that is known."""
    result = await settled(source, reports, analyzers, now=clock.now)
    issues = tuple(
        replace(issue, notes=(*issue.notes, said))
        if issue.state is IssueState.NEW and (said := _session_of(issue, context))
        else issue
        for issue in result.issues
    )
    return replace(result, issues=issues, untold=context.problems)


def _session_of(issue: Issue, context: ReviewContext) -> str:
    checkpoint = explains(context.recorded, issue.file, issue.line, context.commits)
    return cited(checkpoint) if checkpoint is not None else ""


async def _parts(source: Source) -> tuple[Part, ...]:
    """Recorded, because it decides how many steps there are."""
    return (await source()).parts


async def _reported(
    agent: Panelist,
    parts: Sequence[Part],
    step: Step,
    ask: Callable[[Panelist, str, str, frozenset[str]], Awaitable[AgentReport]],
) -> AgentReport:
    """An agent reads the parts in turn, each in a step of its own; an analyzer reads the tree."""
    name = f"agent {agent.spec.name}"
    if len(parts) <= 1 or agent.kind.analyzer:
        return await step(name, partial(ask, agent, name, "", frozenset()))
    whole = frozenset(path for part in parts for path in part.paths)
    poor = replace(agent, spec=share_of(agent.spec, len(parts)))
    reports: list[AgentReport] = []
    for number, part in enumerate(parts, start=1):
        which = f"{number} of {len(parts)}"
        mine = f"{name} ({which})"
        work = partial(ask, poor, mine, which, whole - frozenset(part.paths))
        reports.append(await step(mine, work))
    return combined(reports)


async def _all(works: Sequence[Awaitable[AgentReport]]) -> list[AgentReport]:
    """Every result; an error is raised only after nobody is at work any more."""
    results = await asyncio.gather(*works, return_exceptions=True)
    reports: list[AgentReport] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        reports.append(result)
    return reports


async def _ask(
    source: Source,
    context: ReviewContext,
    agent: Panelist,
    name: str,
    part: str,
    elsewhere: frozenset[str],
    *,
    clock: Clock,
    sinks: Sequence[Sink],
    budget: Budget | None,
) -> AgentReport:
    spending = Spending(agent.spec, agent.kind, budget, name)
    with bound(agent=agent.spec.name):
        refusal = await spending.refusal()
        if refusal is not None:
            return await _not_started(agent, refusal, FailureKind.BUDGET, sinks)
        change = await source()
        try:
            made = await _told(agent, change, context, part, elsewhere)
        except (BudgetTooSmall, AgentMisconfigured) as error:
            return await _not_started(agent, error, FailureKind.MISCONFIGURED, sinks)
        config = spending.equipped(made)

        async def attempt(asked: RunConfig, seconds: float) -> AgentRun:
            return await _run(agent, asked, seconds, clock=clock, sinks=sinks)

        try:
            run, first = await run_until_readable(agent, change, config, attempt)
        finally:
            await spending.close()
        run = await spending.counted(run)
        _log.info("agent.ended", status=run.status.value, seconds=round(run.duration, 2))
    return reported(agent, run, first, change, config)


async def _not_started(
    agent: Panelist, refusal: AgentFailed, kind: FailureKind, sinks: Sequence[Sink]
) -> AgentReport:
    """Nothing was asked, so nothing was spent; and nobody has looked, so nothing passed."""
    name, failure = agent.spec.name, Failure(kind=kind, message=refusal.message)
    _log.warning("agent.not_started", reason=refusal.message)
    async with attending(sinks) as audience:
        await audience.send(name, RunError(message=failure.message, kind=failure.kind))
    return AgentReport(
        agent=name,
        state=ReportState.NOT_STARTED,
        run=AgentRun(name=name, error=failure, cost_usd=Decimal(0)),
        required=agent.spec.required,
        reason=f"{failure.kind}: {failure.message}",
    )


async def _run(
    agent: Panelist, config: RunConfig, seconds: float, *, clock: Clock, sinks: Sequence[Sink]
) -> AgentRun:
    return await run_agent(
        agent.spec.name,
        agent.reviewer,
        config,
        sinks,
        timeout=seconds,
        idle_timeout=agent.kind.idle_timeout,
        clock=clock,
    )


async def _told(
    agent: Panelist,
    change: Change,
    context: ReviewContext,
    part: str,
    elsewhere: frozenset[str],
) -> RunConfig:
    """What it is told, within the budget of a prompt by the counter that counts for it."""
    limit = PROMPT_TOKENS
    for _time in range(COUNTS):
        config, used = await asyncio.to_thread(
            _config, agent, change, context, part, elsewhere, limit
        )
        true = await _counted(agent, config)
        if true <= PROMPT_TOKENS:
            return config
        limit = used * PROMPT_TOKENS // true - PROMPT_TOKENS // 50
    raise BudgetTooSmall(f"by its provider's count no prompt has less than {PROMPT_TOKENS} tokens")


async def _counted(agent: Panelist, config: RunConfig) -> int:
    """By its provider, if it is to be asked; 0 where the estimate is enough, or all there is."""
    api = agent.kind.api
    if not agent.spec.count_tokens or api is None or not config.prompt:
        return 0
    try:
        return await counted(api(agent.spec), agent.spec.model, config.prompt)
    except AgentMisconfigured:
        raise
    except AgentFailed as error:
        _log.warning("agent.not_counted", reason=error.message)
        return 0


def _config(
    agent: Panelist,
    change: Change,
    context: ReviewContext,
    part: str,
    elsewhere: frozenset[str],
    limit: int,
) -> tuple[RunConfig, int]:
    """And the tokens of its prompt, by the estimate."""
    spec = agent.spec
    config = RunConfig(
        skills=spec.skills,
        always_prompt=spec.prompt,
        guard=GUARDS[Role.REVIEWER],
        scope_base_ref=change.base_ref,
        starting_sha=change.head_sha,
        workspace=change.workspace,
        diff=change.diff,
        base_sha=change.base_sha,
        ignored=elsewhere | {skipped.path for skipped in change.skipped},
        part=part,
    )
    if agent.kind.analyzer:
        return config, 0  # it reads the tree, and nothing that anybody says
    spelled = replace(config, skills=tuple(map(agent.kind.spell_skill, spec.skills)))
    composed = compose(spelled, context, limit=limit)
    told = replace(config, prompt=composed.text, clipped=composed.missing(DIFF))
    return told, composed.used
