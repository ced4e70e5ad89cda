"""The vendors' command lines, a model server, and a sandbox that works here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.sandbox import Sandbox
from tests.fakes.models.server import ModelServer, model_server
from tests.real_cli.clis import NotInstalled, installed


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of ``claude``, ``codex``, ``gemini`` and ``opencode``."""
    try:
        return installed()
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def on_path(programs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As an operator has them."""
    monkeypatch.setenv("PATH", f"{programs}:/usr/local/bin:/usr/bin:/bin")
    return programs


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest.fixture
async def trap() -> AsyncIterator[ModelServer]:
    """Any other address: whoever is led there by a checkout is heard, and answered."""
    async with model_server() as server:
        yield server


@pytest.fixture
async def sandbox() -> Sandbox:
    made = Sandbox(mode="auto")
    probe = await made.probe()
    if not probe.works:
        pytest.skip(f"no sandbox works here: {probe.reason}")
    return made
