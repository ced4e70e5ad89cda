"""The versions that are pinned are the ones that are installed, and they start in the sandbox."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.agents.reviewer import kinds
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.sandbox import Sandbox
from tests.real_cli.clis import FOLDER

KINDS = kinds()
PACKAGES = {
    "claude-code": "@anthropic-ai/claude-code-linux-x64",
    "codex": "@openai/codex",
    "gemini": "@google/gemini-cli",
    "opencode": "opencode-linux-x64-baseline",
}
each = pytest.mark.parametrize("kind", PACKAGES)


@each
def test_the_lock_file_holds_the_version_that_the_kind_names(kind: str) -> None:
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    locked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]

    assert wanted[PACKAGES[kind]] == KINDS[kind].pinned
    assert locked[f"node_modules/{PACKAGES[kind]}"]["version"] == KINDS[kind].pinned


def test_the_lock_file_names_no_address_and_the_sum_of_everything() -> None:
    locked = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    packages = [package for place, package in locked.items() if place]

    assert not any("resolved" in package for package in packages)
    assert all(package["integrity"].startswith("sha512-") for package in packages)


@pytest.mark.real_cli
@pytest.mark.slow
@pytest.mark.timeout(300)
@each
async def test_it_starts_inside_the_sandbox_as_the_user_of_agents(
    kind: str, programs: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    command = Command(
        argv=(str(programs / KINDS[kind].program), "--version"),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        cwd=tree,
    )

    async with await sandbox.start(command, Fence(tree=tree), trusted=False) as child:
        output = b"".join([chunk async for chunk in child.chunks()]).decode()
        code = await child.wait()

    assert code == 0, child.stderr
    assert re.findall(r"\d+\.\d+\.\d+", output) == [KINDS[kind].pinned]
