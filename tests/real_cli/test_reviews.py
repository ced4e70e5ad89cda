"""Reviews by the vendors' own command lines, through everything that stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from bot.agents.sinks import Collect
from bot.clock import SystemClock
from bot.findings.parse import parse_answer
from bot.models import (
    AgentStatus,
    Change,
    Finished,
    ModelUsage,
    Role,
    Severity,
    Started,
    ToolCall,
    Workspace,
)
from bot.models.context import ReviewContext
from bot.runner import panelist, review
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import ModelApi
from tests.fakes.models.script import AFTER, BEFORE, FILE, LINE, TITLE
from tests.fakes.models.server import ModelServer
from tests.real_cli.checkouts import checkout, give_to_service_user, pull_request, snapshot
from tests.real_cli.driving import (
    CLAUDE,
    CODEX,
    FOUR,
    GUARD,
    KEY,
    KINDS,
    PROMPT,
    THREE,
    CountingPurse,
    Vendor,
    Watched,
    config,
    run,
    spec,
)

T = TypeVar("T")

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
    # Only one of them knows what it costs, by its own list.
    assert (told.tokens.cost_usd is not None) is (vendor is CLAUDE)
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


async def test_three_vendors_at_once_find_one_issue_and_each_is_named(
    models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    specs = [
        replace(
            spec(vendor, vendor.base_url(models, "read-tool"), tmp_path / "key"), name=vendor.kind
        )
        for vendor in THREE
    ]
    before = "".join(BEFORE.splitlines(keepends=True)[:4])
    async with pull_request(tmp_path, {FILE: before}, {FILE: BEFORE}) as change:

        async def source() -> Change:
            return change

        result = await review(
            source,
            [panelist(asked, sandbox, KINDS) for asked in specs],
            ReviewContext(),
            _at_once,
            clock=SystemClock(),
        )

    assert [report.run.status for report in result.reports] == [AgentStatus.SUCCEEDED] * 3
    (issue,) = result.issues
    assert (issue.file, issue.line) == (FILE, LINE)
    assert sorted(issue.agents) == [vendor.kind for vendor in THREE]


async def _at_once(name: str, work: Callable[[], Awaitable[T]]) -> T:
    assert name
    return await work()
