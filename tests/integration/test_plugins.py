"""One new thing is one new file, and no other file is edited."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FAMILIES = {
    "agent": (
        "bot/agents/adapters/echo.py",
        """
from bot.agents.adapters.command import AGENT as COMMAND
from dataclasses import replace
AGENT = replace(COMMAND, name="echo")
""",
        "from bot.agents.reviewer import kinds as load",
        "echo",
    ),
    "slash command": (
        "bot/commands/verbs/wave.py",
        """
from bot.commands.command import Command
from bot.models import Permission
COMMAND = Command(name="wave", usage="/harness wave", summary="waves", needs=Permission.NONE,
                  jobs=lambda invocation: [])
""",
        "from bot.commands.command import commands as load",
        "wave",
    ),
    "event": (
        "bot/handlers/events/star.py",
        """
from bot.handlers.handler import Handler
HANDLER = Handler(name="star", jobs=lambda delivery: [], fields=("starred_at",))
""",
        "from bot.handlers.handler import handlers as load",
        "star",
    ),
    "publisher": (
        "bot/publish/publishers/carrier_pigeon.py",
        """
from bot.publish.publisher import Published, Publisher
async def publish(publication, client): return Published()
PUBLISHER = Publisher(name="carrier pigeon", stage=9, publish=publish)
""",
        "from bot.publish.publisher import publishers as load",
        "carrier pigeon",
    ),
}


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(place, code):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env={"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_file_is_found(copy, family):
    path, text, loader, name = FAMILIES[family]
    (copy / path).write_text(f'"""New."""\n{text}')
    done = run(copy, f"{loader}; print({name!r} in load())")
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_that_declares_nothing_stops_the_start(copy, family):
    path, _text, loader, _name = FAMILIES[family]
    (copy / path).write_text('"""Nothing."""\n')
    done = run(copy, f"{loader}; load()")
    assert "ConfigurationError" in done.stderr
    assert "declares no" in done.stderr


def test_an_agent_of_somebody_elses_package_is_found(copy):
    (copy / "theirs.py").write_text(FAMILIES["agent"][1])
    info = copy / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.agents]\necho = theirs:AGENT\n")
    done = run(copy, "from bot.agents.reviewer import kinds; print('echo' in kinds())")
    assert done.stdout.strip() == "True", done.stderr
