"""The operator's agents: from the settings' shape to the record that travels with jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.agents import environment
from bot.agents.reviewer import AgentKind
from bot.errors import ConfigurationError
from bot.models import AgentSpec, Role
from bot.settings import AgentSettings


def agent_spec(agent: AgentSettings) -> AgentSpec:
    return AgentSpec(**agent.model_dump())


def key_of(spec: AgentSpec, kind: AgentKind | None) -> str:
    """The key that the agent's calls carry; `AgentMisconfigured` if it is missing."""
    if kind is not None and kind.api is not None:
        return kind.api(spec).key
    return environment.secret(spec)


def check_kinds(agents: Iterable[AgentSettings], known: Mapping[str, object]) -> None:
    """An agent of a kind that nobody provides stops the start."""
    wrong = [f"{a.name!r} is of kind {a.kind!r}" for a in agents if a.kind not in known]
    if wrong:
        raise ConfigurationError(
            f"HARNESS_AGENTS: {'; '.join(wrong)}; there are {', '.join(sorted(known))}"
        )


def judge_spec(judge: AgentSettings | None, known: Mapping[str, AgentKind]) -> AgentSpec | None:
    """The operator's judge; an analyzer has no opinion, so it cannot be one."""
    if judge is None:
        return None
    if judge.kind not in known or known[judge.kind].analyzer:
        able = ", ".join(sorted(name for name, kind in known.items() if not kind.analyzer))
        raise ConfigurationError(f"HARNESS_JUDGE: {judge.kind!r} cannot judge; there are {able}")
    return agent_spec(judge)


def planner_spec(planner: AgentSettings | None, known: Mapping[str, AgentKind]) -> AgentSpec | None:
    """The operator's planner; an analyzer plans nothing, so it cannot be one."""
    if planner is None:
        return None
    if planner.kind not in known or Role.PLANNER not in known[planner.kind].roles:
        able = ", ".join(sorted(n for n, kind in known.items() if Role.PLANNER in kind.roles))
        raise ConfigurationError(f"HARNESS_PLANNER: {planner.kind!r} cannot plan; there are {able}")
    return agent_spec(planner)


def developer_spec(
    developer: AgentSettings | None, known: Mapping[str, AgentKind]
) -> AgentSpec | None:
    """The operator's developer; only a kind that can write the tree can be one."""
    if developer is None:
        return None
    if developer.kind not in known or Role.DEVELOPER not in known[developer.kind].roles:
        able = ", ".join(sorted(n for n, kind in known.items() if Role.DEVELOPER in kind.roles))
        raise ConfigurationError(
            f"HARNESS_DEVELOPER: {developer.kind!r} cannot write; there are {able}"
        )
    return agent_spec(developer)


def first_developer(
    agents: Iterable[AgentSpec], known: Mapping[str, AgentKind]
) -> AgentSpec | None:
    """The first agent that can write."""
    able = (a for a in agents if a.kind in known and Role.DEVELOPER in known[a.kind].roles)
    return next(able, None)
