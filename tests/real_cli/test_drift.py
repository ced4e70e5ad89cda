"""What the installed versions print is what the recordings hold: the same lines, the same keys.

A version whose lines differ needs new recordings before its pin is moved, because everyday tests
replay those.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.models import AgentStatus, Workspace
from bot.sandbox.sandbox import Sandbox
from tests.fakes.models.script import BEFORE, FILE
from tests.fakes.models.server import ModelServer
from tests.real_cli.checkouts import checkout
from tests.real_cli.driving import (
    CLAUDE,
    CODEX,
    GEMINI,
    OPENCODE,
    Vendor,
    Watched,
    config,
    run,
    spec,
)

pytestmark = [
    pytest.mark.real_cli,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("on_path"),
]

RECORDINGS = Path(__file__).parents[1] / "samples" / "agents"
OPEN = {"input", "parameters", "structured_output", "models", "modelUsage", "tool_use_result"}
"""Keys below which a tool, a schema or a model's name decides, not the program."""


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, {FILE: BEFORE}) as made:
        yield made


@pytest.mark.parametrize(
    ("vendor", "recording"),
    [
        (CLAUDE, "claude/ok-schema.jsonl"),
        (CODEX, "codex/ok-schema.jsonl"),
        (GEMINI, "gemini/ok-read-tool.jsonl"),
        (OPENCODE, "opencode/ok-read-tool.jsonl"),
    ],
    ids=lambda value: value.kind if isinstance(value, Vendor) else "",
)
async def test_a_review_prints_the_lines_that_are_recorded(
    vendor: Vendor,
    recording: str,
    workspace: Workspace,
    models: ModelServer,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    watched = Watched(sandbox)
    # Of a model that it does not know codex says so, and did when it was recorded.
    model = "mock-model" if vendor is CODEX else vendor.model
    base_url = vendor.base_url(models, "read-tool")
    asked = spec(vendor, base_url, tmp_path / "key", model=model)

    told = await run(asked, config(workspace), watched)

    assert told.status is AgentStatus.SUCCEEDED
    assert _shapes(bytes(watched.output)) == _shapes((RECORDINGS / recording).read_bytes())


def _shapes(output: bytes) -> set[str]:
    """Every key of every line, each with the kind of line it stands in."""
    lines = (json.loads(line) for line in output.splitlines() if line.strip())
    return {shape for line in lines for shape in _keys(line, _kind(line))}


def _kind(line: dict[str, Any]) -> str:
    item = line.get("item") or line.get("part") or {}
    words = (line.get("type"), line.get("subtype"), line.get("role"), item.get("type"))
    return "/".join(str(word) for word in words if word)


def _keys(value: object, path: str) -> Iterator[str]:
    yield path
    for name, below in _below(value):
        if name.rpartition(".")[2] in OPEN:
            yield f"{path}.{name}"
        else:
            yield from _keys(below, f"{path}.{name}" if name else path)


def _below(value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, dict):
        # The parts of a message have keys by what they are.
        kind = value.get("type")
        return [(f"{kind}.{name}" if kind else name, item) for name, item in value.items()]
    return [("", item) for item in value] if isinstance(value, list) else []
