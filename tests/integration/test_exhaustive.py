"""A new kind of event is found by type checking wherever events are told apart."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSUMERS = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "bot").rglob("*.py")
    if "assert_never(event)" in path.read_text()
}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_consumer_of_events_fails_type_checking_when_there_is_a_new_one(tmp_path):
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    nouns = tmp_path / "bot/models/agents.py"
    text = nouns.read_text()
    union = "Event = Started | AssistantText | ToolCall | Tokens | Finished | RunError\n"
    assert union in text
    surprise = "class Surprise:\n    pass\n\n\n"
    nouns.write_text(text.replace(union, f"{surprise}{union.rstrip()} | Surprise\n"))

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "bot"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    missed = r'^(\S+\.py):\d+: error: Argument 1 to "assert_never" has incompatible type "Surprise"'
    assert set(re.findall(missed, done.stdout, re.MULTILINE)) == CONSUMERS
    assert {"bot/agents/events.py", "bot/agents/record.py", "bot/agents/standing.py"} <= CONSUMERS
