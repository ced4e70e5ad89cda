"""The whole program on an embedded GitHub: real git, real database, real processes."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import log
from bot.demo import EmbeddedGitHub
from tests.acceptance.attendance import Attendance, attendance
from tests.acceptance.stage import Stage
from tests.fakes.embedded import Witness

SCRIPTED = Path(__file__).parent / "scripted.py"
DEVELOPER = Path(__file__).parent / "developer.py"


@pytest.fixture
async def traffic() -> AsyncIterator[Witness]:
    """Every request and answer of a test is checked against GitHub's own descriptions."""
    traffic = Witness()
    yield traffic
    traffic.check()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The log as an operator sees it; shown when the test fails."""
    root, text = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    log.configure("console", stream=text)
    yield text
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    print(text.getvalue())


@pytest.fixture
async def make_stage(
    tmp_path: Path, traffic: Witness, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Any]]:
    """``await make_stage(**settings)`` starts both sides; they are stopped after the test."""
    monkeypatch.chdir(tmp_path)
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> Stage:
            github = EmbeddedGitHub(tmp_path / "github", observer=traffic)
            await stack.enter_async_context(github)
            stage = Stage(github, tmp_path, settings)
            stack.push_async_callback(stage.stop)
            await stage.start()
            return stage

        yield make


@pytest.fixture
async def stage(make_stage: Callable[..., Any]) -> Stage:
    """With one scripted agent, `reader`, which reports lines that say BUG."""
    made: Stage = await make_stage(agents=[scripted("reader")], sandbox="off")
    return made


@pytest.fixture
async def desk() -> AsyncIterator[Attendance]:
    """Where agents of `reporting` report."""
    async with attendance() as desk:
        yield desk


def reporting(name: str, desk: Attendance, **more: Any) -> dict[str, Any]:
    """As `scripted`, but it says at the desk when it begins, and waits there."""
    return scripted(name, "report", desk.port, name, **more)


def scripted(name: str, mode: str = "bugs", *words: object, **more: Any) -> dict[str, Any]:
    """An agent that reads the tree: ``mode`` says how it behaves (see `scripted.py`)."""
    return {
        "name": name,
        "kind": "command",
        "argv": [sys.executable, "-I", str(SCRIPTED), mode, *map(str, words)],
        **json.loads(json.dumps(more)),
    }


def developer(mode: str, desk: Attendance) -> dict[str, Any]:
    """An agent that writes the tree; it says at the desk when it begins (see `developer.py`)."""
    argv = [sys.executable, "-I", str(DEVELOPER), mode, str(desk.port)]
    return {"name": "dev", "kind": "command", "argv": argv}
