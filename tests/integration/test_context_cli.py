"""``harness context``: all that a reviewer would be told of a local change."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.entire import trailer
from tests.fakes.git_repo import ENV, git

ROOT = Path(__file__).parents[2]
ID = "0123456789ab"


def harness(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=cwd, env={"PATH": ENV["PATH"] + ":/usr/bin", "PYTHONPATH": str(ROOT), "HOME": str(cwd)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture
def repository(tmp_path):
    """A change with a recorded session, an instruction file and something that uses it."""
    place = tmp_path / "repo"
    place.mkdir()
    git(place, "init", "-q", "-b", "main", ".")
    (place / "a.py").write_text("def a():\n    return 1\n")
    (place / "test_a.py").write_text("import a\n")
    (place / "AGENTS.md").write_text("Be exact.\n")
    (place / "bun.lock").write_text("x\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "Base")
    git(place, "checkout", "-q", "--orphan", "entire/checkpoints/v1")
    git(place, "rm", "-rfq", ".")
    session = place / ID[:2] / ID[2:] / "0"
    session.mkdir(parents=True)
    (session / "metadata.json").write_text(json.dumps({"summary": {"intent": "Count \x1b[2J on"}}))
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "Checkpoint")
    git(place, "checkout", "-q", "main")
    git(place, "checkout", "-q", "-b", "change")
    (place / "a.py").write_text("def a():\n    return 2\n")
    (place / "bun.lock").write_text("y\n")
    git(place, "commit", "-qam", f"Count on\n\n{trailer(ID)}")
    return place


def test_for_people(repository):
    done = harness("context", ".", "--base", "main", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        f"checkpoints:\n  {ID} Count \\u001b[2J on",
        "instructions:\n  AGENTS.md 10 characters",
        "related files:\n  test_a.py tests a.py (1)",
        "of 100,000 tokens, 1 files",
        "not reviewed:\n  bun.lock (ignored by `*.lock`)",
    ):
        assert words in done.stdout
    assert "\x1b" not in done.stdout


def test_for_programs(repository):
    done = harness("context", "--base", "main", "--format", "json", cwd=repository)
    told = json.loads(done.stdout)
    assert [c["intent"] for c in told["checkpoints"]] == ["Count \x1b[2J on"]
    written = {"path": "a.py", "start": 2, "end": 2, "checkpoint": ID}
    assert written in told["written_in"]
    assert told["instructions"] == [{"path": "AGENTS.md", "text": "Be exact.\n"}]
    (pin,) = told["pins"]
    assert (pin["path"], pin["blob"]) == (
        "test_a.py", git(repository, "rev-parse", "HEAD:test_a.py").decode().strip(),
    )  # fmt: skip
    (prompt,) = told["budget"]
    assert 0 < sum(prompt["sections"].values()) <= prompt["limit"]
    assert prompt["used"] <= prompt["limit"]
    assert prompt["files"] == ["a.py"]
    assert told["problems"] == []


def test_the_very_words(repository):
    done = harness("context", "--base", "main", "--format", "prompt", cwd=repository)
    assert "```\nAGENTS.md\n\nBe exact.\n```" in done.stdout
    assert done.stdout.startswith("Review the change for real problems")


def test_a_form_that_there_is_not(repository):
    done = harness("context", "--format", "xml", cwd=repository)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "text, json, prompt" in done.stderr
