"""What recipes work with; built once by `bot.app` and handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.agents.reviewer import AgentKind
from bot.checkout.mirror import Mirrors
from bot.clock import Clock
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models import AgentSpec, FailOn, Repo
from bot.publish.publisher import Publisher
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each; recipes take what they need."""

    policy: Policy
    github: GitHubApp
    mirrors: Mirrors
    store: Store
    sandbox: Sandbox
    kinds: Mapping[str, AgentKind]
    publishers: Mapping[str, Publisher]
    clock: Clock
    help_rows: tuple[tuple[str, str, str], ...] = ()
    """(usage, who may, summary) of every slash command, for ``/harness help``."""

    async def client(self, installation_id: int, repo: Repo) -> RepoClient:
        return await self.github.client(installation_id, repo)
