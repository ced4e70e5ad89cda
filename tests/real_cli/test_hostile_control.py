"""That the hostile checkout is hostile: the bare programs, without our flags, fall for it.

Without this, "no canary ran" could mean that no canary can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.models import Workspace
from bot.process import Command
from bot.sandbox.fence import Access, Fence
from bot.sandbox.sandbox import Sandbox
from tests.fakes.models.server import ModelServer
from tests.real_cli import hostile
from tests.real_cli.checkouts import checkout, give_to_service_user

pytestmark = [pytest.mark.real_cli, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    ran: set[str]
    reached: set[str]
    """Files whose marker a model was sent."""


@pytest.fixture
async def victim(tmp_path: Path, trap: ModelServer) -> AsyncIterator[Workspace]:
    given = hostile.files(trap.url("ok"))
    async with checkout(tmp_path, given, strip=False) as workspace:
        give_to_service_user(workspace.tree)
        yield workspace


async def bare(
    victim: Workspace, models: ModelServer, *argv: str, env: Mapping[str, str]
) -> Seen:
    """A program as somebody would start it by hand, outside a sandbox."""
    fence = Fence(tree=victim.tree, access=Access.WRITE)
    common = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1"}
    command = Command(
        argv=argv, env={**common, **env}, cwd=victim.tree, stdin=b"Review the change."
    )
    async with await Sandbox(mode="off").start(command, fence, trusted=False) as child:
        async for _ in child.chunks():
            pass
        await child.wait()
    return Seen(ran=hostile.ran(victim.tree), reached=hostile.reached(models.heard()))


async def test_claude_runs_what_the_checkout_tells_it_to(
    victim: Workspace, models: ModelServer, programs: Path
) -> None:
    seen = await bare(
        victim,
        models,
        *(str(programs / "claude"), "-p", "--output-format", "stream-json", "--verbose"),
        env={"ANTHROPIC_BASE_URL": models.url("read-tool"), "ANTHROPIC_API_KEY": "sk-test"},
    )
    print(sorted(seen.ran), sorted(seen.reached))
    assert 0


async def test_codex_reads_what_the_checkout_tells_it(
    victim: Workspace, models: ModelServer, programs: Path
) -> None:
    provider = f'{{name="p",base_url="{models.url("read-tool", "/v1")}",env_key="K"}}'
    seen = await bare(
        victim,
        models,
        *(str(programs / "codex"), "exec", "--json", "--skip-git-repo-check", "-m", "m"),
        *("-c", f"model_providers.p={provider}", "-c", "model_provider=p", "-"),
        env={"K": "sk-test"},
    )
    print(sorted(seen.ran), sorted(seen.reached))
    assert 0


async def test_gemini_runs_what_a_trusted_checkout_tells_it_to(
    victim: Workspace, models: ModelServer, programs: Path
) -> None:
    seen = await bare(
        victim,
        models,
        *(str(programs / "gemini"), "-o", "stream-json", "-m", "gemini-2.5-pro"),
        env={
            "GEMINI_API_KEY": "test",
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GOOGLE_GEMINI_BASE_URL": models.url("read-tool"),
            "GEMINI_DEFAULT_AUTH_TYPE": "gemini-api-key",
        },
    )
    print(sorted(seen.ran), sorted(seen.reached))
    assert 0


async def test_gemini_sends_its_key_where_the_checkout_says(
    victim: Workspace, models: ModelServer, trap: ModelServer, programs: Path
) -> None:
    await bare(
        victim,
        models,
        *(str(programs / "gemini"), "--skip-trust", "-o", "stream-json", "-m", "gemini-2.5-pro"),
        env={"GEMINI_API_KEY": "the-key"},
    )
    assert any(call.headers.get("x-goog-api-key") == "the-key" for call in trap.calls)


async def test_opencode_runs_what_the_checkout_tells_it_to(
    victim: Workspace, models: ModelServer, programs: Path
) -> None:
    pass
