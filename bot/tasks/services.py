"""What recipes work with; built once by `bot.app` and handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.agents.reviewer import AgentKind
from bot.agents.sinks import Sink
from bot.checkout.mirror import Mirror, Mirrors
from bot.clock import Clock
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models import AgentSpec, FailOn, Job, Limits, Repo, VerifyMode
from bot.publish.publisher import Publisher
from bot.runner import Budgets
from bot.sandbox.sandbox import Sandbox
from bot.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The operator's rules that recipes apply, as plain values."""

    agents: tuple[AgentSpec, ...]
    fail_on: FailOn
    outsiders: str
    dry_run: bool = False
    public_url: str = ""
    sandbox_note: str = ""
    judge: AgentSpec | None = None
    verify: VerifyMode = VerifyMode.OFF
    limits: Limits = field(default_factory=Limits)
    developer: AgentSpec | None = None
    """None: the first agent that can write."""
    planner: AgentSpec | None = None
    max_iterations: int = 3
    mail_host: str = "users.noreply.github.com"
    """Of the addresses that GitHub gives to people who show none."""


class Queue(Protocol):
    """The part of the engine that recipes need: one job may ask for another, or end others."""

    async def enqueue(self, job_id: str, job: Job) -> None: ...

    async def cancel(self, key: str) -> int: ...

    async def live(self, key: str) -> dict[str, str]: ...

    async def end(self, job_ids: Sequence[str]) -> list[str]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each; recipes take what they need."""

    policy: Policy
    github: GitHubApp
    mirrors: Mirrors
    store: Store
    budgets: Budgets
    sandbox: Sandbox
    kinds: Mapping[str, AgentKind]
    queue: Queue
    publishers: Mapping[str, Publisher]
    clock: Clock
    secrets: tuple[str, ...] = ()
    """Known secrets of this installation: redacted from whatever is posted."""
    sinks: tuple[Sink, ...] = ()
    help_rows: tuple[tuple[str, str, str], ...] = ()
    """(usage, who may, summary) of every slash command, for ``/harness help``."""

    async def client(self, installation_id: int, repo: Repo) -> RepoClient:
        return await self.github.client(installation_id, repo)

    def mirror(self, repo: Repo, installation_id: int) -> Mirror:
        """The repository's mirror, fetched with a token that may read it and nothing else."""

        async def token(wanted: Repo) -> str:
            return await self.github.token(installation_id, wanted, {"contents": "read"})

        return self.mirrors.mirror(repo, token)
