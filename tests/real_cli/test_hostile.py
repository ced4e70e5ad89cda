"""The hostile checkout, read by every vendor's command line as we start it.

Two walls, each tested alone. In the real path the mirror writes a tree without anything that
configures agents. With the whole tree and no sandbox around it, only the flags are left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.models import AgentStatus, Workspace
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import ModelApi
from tests.fakes.models.server import ModelServer
from tests.real_cli import hostile
from tests.real_cli.checkouts import checkout, give_to_service_user, snapshot
from tests.real_cli.driving import (
    CLAUDE,
    CODEX,
    FOUR,
    GEMINI,
    KEY,
    OPENCODE,
    Vendor,
    Watched,
    config,
    run,
    spec,
    writable,
)

pytestmark = [
    pytest.mark.real_cli,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("on_path"),
]
each = pytest.mark.parametrize("vendor", FOUR, ids=[vendor.kind for vendor in FOUR])

UNAVOIDABLE = {
    CLAUDE.kind: set[str](),
    CODEX.kind: set[str](),
    # No setting of it stops these.
    GEMINI.kind: {"GEMINI.md", "app/GEMINI.md"},
    # With a file that is read come the instructions beside it: without an AGENTS.md, CONTEXT.md.
    OPENCODE.kind: {"app/AGENTS.md"},
}
"""Files of the whole tree that reach a model in spite of every flag: why the tree is stripped."""
UNSTOPPED = {
    CLAUDE.kind: set[str](),
    CODEX.kind: set[str](),
    GEMINI.kind: set[str](),
    # A tsconfig.json where it starts tells its runtime where its own modules lie.
    OPENCODE.kind: {"runtime-module"},
}
"""What of the whole tree may run in spite of every flag: which module is asked for first, and so
whether that one is looked for in the tree, differs from start to start."""


@pytest.fixture
async def stripped(tmp_path: Path, trap: ModelServer) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, hostile.files(trap.url("ok"))) as workspace:
        give_to_service_user(workspace.tree)
        yield workspace


@pytest.fixture
async def whole(tmp_path: Path, trap: ModelServer) -> AsyncIterator[Workspace]:
    async with checkout(tmp_path, hostile.files(trap.url("ok")), strip=False) as workspace:
        give_to_service_user(workspace.tree)
        yield workspace


@each
async def test_nothing_of_it_is_in_the_tree_that_a_run_is_given(
    vendor: Vendor,
    stripped: Workspace,
    models: ModelServer,
    trap: ModelServer,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    # The tree can be written here, or no canary could leave its trace.
    watched = Watched(sandbox, writable)
    before = snapshot(stripped.tree)
    asked = spec(vendor, vendor.base_url(models, "read-tool"), tmp_path / "key")

    told = await run(asked, config(stripped), watched)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert hostile.ran(stripped.tree) == set()
    assert hostile.reached(models.heard()) == set()
    assert snapshot(stripped.tree) == before
    _the_key_went_nowhere_else(vendor, watched, models, trap)


@each
async def test_the_flags_alone_stop_whatever_it_would_run(
    vendor: Vendor, whole: Workspace, models: ModelServer, trap: ModelServer, tmp_path: Path
) -> None:
    watched = Watched(Sandbox(mode="off"), writable)
    asked = spec(vendor, vendor.base_url(models, "read-tool"), tmp_path / "key")

    told = await run(asked, config(whole), watched)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    # It did its work meanwhile: the file that it looked into was sent to the model.
    assert "average of the list" in models.paid("read-tool")[-1].body
    assert hostile.ran(whole.tree) <= UNSTOPPED[vendor.kind]
    assert hostile.reached(models.heard()) == UNAVOIDABLE[vendor.kind]
    _the_key_went_nowhere_else(vendor, watched, models, trap)


def _the_key_went_nowhere_else(
    vendor: Vendor, watched: Watched, models: ModelServer, trap: ModelServer
) -> None:
    ((_, fence),) = watched.commands
    assert isinstance(fence.uplink, ModelApi)
    assert trap.calls == []
    assert KEY not in watched.given()
    assert KEY not in watched.output.decode()
    assert {call.headers[vendor.key_header] for call in models.calls} == {vendor.key_prefix + KEY}
    assert fence.uplink.token not in models.heard()
