"""Small projects, and what their tests are found to say in a real sandbox."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.models import SuiteOutcome
from bot.sandbox.sandbox import Sandbox
from bot.testrun.run import SYSTEM, run_tests
from tests.fakes.fences import give_to_service_user

Tester = Callable[..., Awaitable[SuiteOutcome]]


@pytest.fixture
async def sandbox() -> Sandbox:
    made = Sandbox(mode="auto")
    probe = await made.probe()
    if not probe.works:
        pytest.skip(f"no sandbox works here: {probe.reason}")
    return made


@pytest.fixture
def tested(sandbox: Sandbox, tmp_path: Path) -> Tester:
    """Writes a project and runs its tests; the first python3 is the one that has pytest."""
    search = (Path(sys.executable).parent, *SYSTEM)

    async def run(files: Mapping[str, str], **options: Any) -> SuiteOutcome:
        tree = tmp_path / "copy"
        for name, content in files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        give_to_service_user(tree)
        options = {"timeout": 50.0, "search": search, **options}
        return await run_tests(tree, sandbox=sandbox, clock=SystemClock(), **options)

    return run
