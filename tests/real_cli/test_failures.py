"""How a run ends when the vendor's server, the network, the budget or the program itself fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.findings.parse import parse_answer
from bot.models import AgentRun, AgentStatus, FailureKind, Workspace
from bot.sandbox.sandbox import Sandbox
from tests.fakes.models.script import BEFORE, FILE
from tests.fakes.models.server import ModelServer
from tests.fakes.processes import running
from tests.real_cli.checkouts import checkout
from tests.real_cli.driving import (
    FOUR,
    THREE,
    CountingPurse,
    Vendor,
    config,
    run,
    spec,
    unique_model,
)

pytestmark = [
    pytest.mark.real_cli,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("on_path"),
]

BOUND = 45.0
"""Seconds after which a failing program must have ended by itself."""


def of(*vendors: Vendor) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vendor", vendors, ids=[vendor.kind for vendor in vendors])


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, {FILE: BEFORE}) as made:
        yield made


def failed(told: AgentRun) -> FailureKind:
    assert told.status is AgentStatus.FAILED
    assert told.error is not None
    return told.error.kind


REFUSALS = {"err400": FailureKind.REFUSED, "err401": FailureKind.LOGIN}
TROUBLES = {
    "err429": FailureKind.RATE_LIMIT,
    "quota": FailureKind.QUOTA,
    "err500": FailureKind.CRASHED,
    "malformed": FailureKind.CRASHED,
}
CASES = [
    *((vendor, *case) for vendor in FOUR for case in REFUSALS.items()),
    # opencode ends as well, but repeats such a call for more than a minute, and nothing is
    # there to tell it how often.
    *((vendor, *case) for vendor in THREE for case in TROUBLES.items()),
]


@pytest.mark.parametrize(
    ("vendor", "scenario", "kind"), CASES, ids=[f"{case[0].kind}-{case[1]}" for case in CASES]
)
async def test_what_the_server_refuses_is_told_by_its_kind(
    vendor: Vendor,
    scenario: str,
    kind: FailureKind,
    workspace: Workspace,
    models: ModelServer,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    asked = spec(vendor, vendor.base_url(models, scenario), tmp_path / "key")

    told = await run(asked, config(workspace), sandbox, timeout=BOUND)

    assert failed(told) is kind, told.error
    assert not parse_answer(told.answer, agent="mine").readable
    assert 1 <= len(models.paid(scenario)) <= 6


@of(*THREE)
async def test_an_address_where_nobody_listens_is_a_failure_of_the_network(
    vendor: Vendor, workspace: Workspace, sandbox: Sandbox, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}{vendor.suffix}"
        asked = spec(vendor, nobody, tmp_path / "key")

        told = await run(asked, config(workspace), sandbox, timeout=BOUND)

    assert failed(told) is FailureKind.NETWORK, told.error


@of(*FOUR)
async def test_an_empty_answer_is_never_a_review_without_findings(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = spec(vendor, vendor.base_url(models, "empty"), tmp_path / "key")

    told = await run(asked, config(workspace), sandbox, timeout=BOUND)

    assert not parse_answer(told.answer, agent="mine").readable


@of(*FOUR)
async def test_a_tool_that_is_not_there_stops_nobody(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = spec(vendor, vendor.base_url(models, "bad-tool"), tmp_path / "key")

    told = await run(asked, config(workspace), sandbox, timeout=BOUND)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert len(parse_answer(told.answer, agent="mine").findings) == 1


@of(*FOUR)
async def test_a_model_that_says_nothing_is_given_up(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = spec(vendor, vendor.base_url(models, "hang"), tmp_path / "key")

    told = await run(asked, config(workspace), sandbox, idle=8.0, timeout=BOUND)

    assert failed(told) is FailureKind.IDLE
    assert len(models.paid("hang")) == 1


@of(*FOUR)
async def test_cancelled_in_the_middle_of_an_answer_it_leaves_nothing_behind(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    model = unique_model()
    asked = spec(vendor, vendor.base_url(models, "slow"), tmp_path / "key", model=model)
    task = asyncio.create_task(run(asked, config(workspace), sandbox))
    while not models.paid("slow"):
        assert not task.done(), task
        await asyncio.sleep(0.05)
    assert running(model)

    task.cancel()
    began = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert running(model) == []
    assert asyncio.get_running_loop().time() - began < 10


@of(*FOUR)
async def test_a_budget_stops_it_before_the_call_that_would_be_over_it(
    vendor: Vendor, workspace: Workspace, models: ModelServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    purse = CountingPurse(admits=1)
    asked = spec(vendor, vendor.base_url(models, "dear"), tmp_path / "key")

    told = await run(asked, replace(config(workspace), purse=purse), sandbox, timeout=BOUND)

    assert failed(told) is FailureKind.BUDGET, told.error
    (call,) = models.paid("dear")
    (settled,) = purse.settled
    assert settled is not None
    assert call.usage is not None
    assert (settled.input, settled.output) == (call.usage.input, call.usage.output)
