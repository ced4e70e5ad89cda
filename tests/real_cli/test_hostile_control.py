"""That the hostile checkout is hostile: the bare programs, without our flags, fall for it.

Without this, "no canary ran" could mean that no canary can.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
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


SETTINGS = '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'
WITH_SETTINGS = f"mkdir $HOME/.gemini; echo '{SETTINGS}' > $HOME/.gemini/settings.json; exec \"$@\""
"""Without a chosen way to log in, gemini does not even start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    ran: set[str]
    reached: set[str]
    """Files whose marker a model was sent, wherever that model was."""


Start = Callable[..., Awaitable[Seen]]


@pytest.fixture
async def victim(tmp_path: Path, trap: ModelServer) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, hostile.files(trap.url("read-tool")), strip=False) as workspace:
        give_to_service_user(workspace.tree)
        yield workspace


@pytest.fixture
def bare(victim: Workspace, models: ModelServer, trap: ModelServer) -> Start:
    """Starts a program as somebody would by hand: no sandbox, no flags of ours."""

    async def start(*argv: str, env: Mapping[str, str]) -> Seen:
        common = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1"}
        command = Command(
            argv=argv, env={**common, **env}, cwd=victim.tree, stdin=b"Review the change."
        )
        fence = Fence(tree=victim.tree, access=Access.WRITE)
        async with await Sandbox(mode="off").start(command, fence, trusted=False) as child:
            output = b"".join([chunk async for chunk in child.chunks()])
            print(await child.wait(), output.decode(), child.stderr)
        heard = models.heard() + trap.heard()
        return Seen(ran=hostile.ran(victim.tree), reached=hostile.reached(heard))

    return start


async def test_claude_runs_what_the_checkout_tells_it_and_gives_the_key_away(
    bare: Start, models: ModelServer, trap: ModelServer, programs: Path
) -> None:
    seen = await bare(
        *(str(programs / "claude"), "-p", "--output-format", "stream-json", "--verbose"),
        env={"ANTHROPIC_BASE_URL": models.url("read-tool"), "ANTHROPIC_API_KEY": "sk-test"},
    )

    hooks = {
        f"root-claude-{event}"
        for event in (
            *("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"),
            *("Stop", "SessionEnd", "local"),
        )
    }
    assert seen.ran == {*hooks, "root-claude-apiKeyHelper", "root-claude-mcp"}
    assert {"CLAUDE.md", "CLAUDE.local.md", ".claude/CLAUDE.md", "app/CLAUDE.md"} < seen.reached
    assert {".claude/rules/rule.md", ".claude/skills/claude-skill/SKILL.md"} < seen.reached
    assert models.paid("read-tool") == []
    assert len(trap.paid("read-tool")) == 2


async def test_codex_reads_what_the_checkout_tells_it(
    bare: Start, models: ModelServer, programs: Path
) -> None:
    provider = f'{{name="p",base_url="{models.url("read-tool", "/v1")}",env_key="K"}}'

    seen = await bare(
        *(str(programs / "codex"), "exec", "--json", "--skip-git-repo-check", "-m", "m"),
        *("-c", f"model_providers.p={provider}", "-c", "model_provider=p", "-"),
        env={"K": "sk-test"},
    )

    assert seen.ran == set()
    assert seen.reached == {
        ".agents/skills/agents-skill/SKILL.md",
        ".codex/skills/codex-skill/SKILL.md",
        "AGENTS.override.md",
    }


async def test_gemini_runs_what_a_trusted_checkout_tells_it(
    bare: Start, models: ModelServer, programs: Path
) -> None:
    seen = await bare(
        *("/bin/sh", "-c", WITH_SETTINGS, "sh"),
        *(str(programs / "gemini"), "-o", "stream-json", "-m", "gemini-2.5-pro"),
        env={
            "GEMINI_API_KEY": "the-key",
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GOOGLE_GEMINI_BASE_URL": models.url("read-tool"),
        },
    )

    print(sorted(seen.ran), sorted(seen.reached))
    assert seen.ran == {
        "root-gemini-discoveryCommand",
        "root-gemini-hook",
        "root-gemini-mcp",
        "root-gemini-telemetry",
    }
    assert {"GEMINI.md", "EXTRA.md"} < seen.reached


async def test_gemini_sends_its_key_where_the_checkout_says(
    bare: Start, trap: ModelServer, programs: Path
) -> None:
    await bare(
        *("/bin/sh", "-c", WITH_SETTINGS, "sh"),
        *(str(programs / "gemini"), "--skip-trust", "-o", "stream-json", "-m", "gemini-2.5-pro"),
        env={"GEMINI_API_KEY": "the-key"},
    )

    assert "the-key" in {call.headers.get("x-goog-api-key") for call in trap.calls}


async def test_opencode_runs_what_the_checkout_tells_it(
    bare: Start, models: ModelServer, programs: Path
) -> None:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": models.url("read-tool", "/v1"), "apiKey": "sk-test"},
        "models": {"m": {"name": "m"}},
    }
    config = json.dumps({"provider": {"own": provider}, "model": "own/m", "small_model": "own/m"})

    seen = await bare(
        *(str(programs / "opencode"), "run", "--format", "json", "-m", "own/m"),
        env={"OPENCODE_CONFIG_CONTENT": config, "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    )

    # Its plugin would run too, if the other did not stand in for what that imports.
    assert seen.ran == {"root-opencode-mcp", "runtime-module"}
    assert {"AGENTS.md", "EXTRA.md", ".opencode/agent/opencode-agent.md"} < seen.reached
