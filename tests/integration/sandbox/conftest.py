"""A real sandbox and a tree in a directory that is closed to everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.sandbox import Sandbox


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Below pytest's own directory, which is closed to everybody else."""
    place = tmp_path / "checkout" / "tree"
    place.mkdir(parents=True)
    (place / "app.py").write_text("import os\nassert os.name\n")
    (tmp_path / "checkout" / "secret").write_text("of a neighbour")
    return place


@pytest.fixture
async def sandbox() -> Sandbox:
    made = Sandbox(mode="auto")
    probe = await made.probe()
    if not probe.works:
        pytest.skip(f"no sandbox works here: {probe.reason}")
    return made
