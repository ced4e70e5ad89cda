"""Reviews by the vendors' own command lines, through everything that stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agents.sinks import Collect
from bot.findings.parse import parse_answer
from bot.models import (
    AgentStatus,
    Finished,
    ModelUsage,
    Role,
    Severity,
    Started,
    ToolCall,
    Workspace,
)
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import ModelApi
from tests.fakes.models.script import AFTER, BEFORE, FILE, LINE, TITLE
from tests.fakes.models.server import ModelServer
from tests.real_cli.checkouts import checkout, give_to_service_user, snapshot
from tests.real_cli.driving import (
    CODEX,
    FOUR,
    GUARD,
    KEY,
    PROMPT,
    CountingPurse,
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


def of(*vendors: Vendor) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vendor", vendors, ids=[vendor.kind for vendor in vendors])


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, {FILE: BEFORE, "README.md": "Helpers.\n"}) as made:
        give_to_service_user(made.tree)
        yield made


@of(*FOUR)
async def test_a_review_reads_a_file_and_answers_with_its_finding(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    sink, watched, purse = Collect(), Watched(sandbox), CountingPurse()
    asked = spec(vendor, vendor.base_url(models, "read-tool"), tmp_path / "key")

    told = await run(asked, replace(config(workspace), purse=purse), watched, sink=sink)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    events = sink.of("mine")
    assert events[0] == Started()
    assert events[-1] == Finished(success=True)
    assert next(event.name for event in events if isinstance(event, ToolCall)) == vendor.reads_by
    (finding,) = parse_answer(told.answer, agent="mine").findings
    assert (finding.file, finding.line, finding.title) == (FILE, LINE, TITLE)
    assert finding.severity is Severity.MAJOR

    calls = models.paid("read-tool")
    used = [call.usage for call in calls if call.usage is not None]
    assert len(used) == 2
    assert told.tokens.input == sum(usage.input for usage in used)
    assert told.tokens.output == sum(usage.output for usage in used)
    assert purse.admitted == [vendor.model] * 2
    assert purse.settled == [
        ModelUsage(
            model=vendor.model, input=usage.input, cache_read=usage.cached, output=usage.output
        )
        for usage in used
    ]


@of(*FOUR)
async def test_the_real_key_is_put_in_outside_and_nothing_but_the_model_is_asked(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    watched = Watched(sandbox)
    asked = spec(vendor, vendor.base_url(models, "read-tool"), tmp_path / "key")

    await run(asked, config(workspace), watched)

    assert KEY not in watched.given()
    assert {call.headers[vendor.key_header] for call in models.calls} == {vendor.key_prefix + KEY}
    ((_, fence),) = watched.commands
    assert isinstance(fence.uplink, ModelApi)
    assert fence.uplink.token not in models.heard()
    assert fence.uplink.token in watched.given()


@of(*FOUR)
async def test_the_guard_and_the_prompt_reach_the_model_and_no_tool_that_writes_does(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = spec(vendor, vendor.base_url(models, "ok"), tmp_path / "key")

    await run(asked, config(workspace), Watched(sandbox))

    (call,) = models.paid("ok")
    assert GUARD in call.body
    assert PROMPT in call.body
    assert call.asked is not None
    writing = {"Write", "Edit", "Bash", "write_file", "replace", "run_shell_command"}
    assert not writing & set(call.asked.tools)


@of(*FOUR)
async def test_a_developer_changes_the_file_and_nothing_else(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = snapshot(workspace.tree)
    asked = spec(vendor, vendor.base_url(models, "write"), tmp_path / "key")

    told = await run(asked, config(workspace, role=Role.DEVELOPER), sandbox)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert snapshot(workspace.tree) == {**before, FILE: AFTER.encode()}


async def test_codex_changes_the_file_by_a_patch(
    workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = snapshot(workspace.tree)
    asked = spec(CODEX, CODEX.base_url(models, "patch"), tmp_path / "key")

    told = await run(asked, config(workspace, role=Role.DEVELOPER), sandbox)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert snapshot(workspace.tree) == {**before, FILE: AFTER.encode()}


@of(*FOUR)
async def test_a_reviewer_that_is_told_to_write_cannot(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = snapshot(workspace.tree)
    asked = spec(vendor, vendor.base_url(models, "write"), tmp_path / "key")

    await run(asked, config(workspace), sandbox)

    assert len(models.paid("write")) == (2 if vendor is CODEX else 1)
    assert snapshot(workspace.tree) == before
