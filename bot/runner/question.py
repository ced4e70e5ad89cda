"""Gives one agent one task that is no review; whatever goes wrong is an outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.agents.fanout import run_agent
from bot.agents.sinks import Sink
from bot.clock import Clock
from bot.context.prompt import GUARDS
from bot.guard import Failed, guard
from bot.log import bound, logger
from bot.models import (
    AgentRun,
    AgentStatus,
    Change,
    Failure,
    FailureKind,
    Role,
    RunConfig,
)
from bot.runner.budget import Budget
from bot.runner.member import Panelist, Source
from bot.runner.spending import Spending

_log = logger(__name__)


async def ask(
    agent: Panelist,
    compose: Callable[[Change], str],
    source: Source,
    *,
    name: str,
    step: str,
    clock: Clock,
    sinks: Sequence[Sink] = (),
    budget: Budget | None = None,
    role: Role = Role.REVIEWER,
) -> AgentRun:
    """Its run, under ``name``; only cancellation is raised. It may be told to spend nothing."""
    spending = Spending(agent.spec, agent.kind, budget, step, role)
    with bound(agent=name):
        refusal = await spending.refusal()
        if refusal is not None:
            return _failed(name, FailureKind.BUDGET, refusal.message)
        work = _run(
            agent, compose, source, spending, name=name, clock=clock, sinks=sinks, role=role
        )
        done = await guard("question", work)
        if isinstance(done, Failed):
            done = _failed(name, FailureKind.CRASHED, done.reason)
        _log.info("question.ended", status=done.status.value, seconds=round(done.duration, 2))
    return done


def _failed(name: str, kind: FailureKind, reason: str) -> AgentRun:
    failure = Failure(kind=kind, message=reason)
    return AgentRun(name=name, status=AgentStatus.FAILED, error=failure)


async def _run(
    agent: Panelist,
    compose: Callable[[Change], str],
    source: Source,
    spending: Spending,
    *,
    name: str,
    clock: Clock,
    sinks: Sequence[Sink],
    role: Role,
) -> AgentRun:
    change = await source()
    try:
        run = await run_agent(
            name,
            agent.reviewer,
            spending.equipped(_config(change, compose(change), role)),
            sinks,
            timeout=agent.spec.timeout,
            idle_timeout=agent.kind.idle_timeout,
            clock=clock,
        )
    finally:
        await spending.close()
    return await spending.counted(run)


def _config(change: Change, prompt: str, role: Role) -> RunConfig:
    return RunConfig(
        role=role,
        guard=GUARDS[role],
        contract_answer=False,
        scope_base_ref=change.base_ref,
        starting_sha=change.head_sha,
        workspace=change.workspace,
        diff=change.diff,
        base_sha=change.base_sha,
        ignored=frozenset(skipped.path for skipped in change.skipped),
        prompt=prompt,
    )
