"""``harness refactor`` and the README's library example, as a newcomer uses them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_cli import git, harness

README = Path(__file__).parents[2] / "README.md"
MEND = """\
import sys
from pathlib import Path
sys.stdin.read()
Path("app.py").write_text("import ast\\n\\n\\ndef run(x):\\n    return ast.literal_eval(x)\\n")
print("No eval any more.")
"""
NOTHING = "import sys\nsys.stdin.read()\n"


@pytest.fixture
def repo(tmp_path):
    place = tmp_path / "shop"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "app.py").write_text("def run(x):\n    return x\n")
    git(place, "add", ".")
    git(place, "commit", "-qm", "base")
    git(place, "checkout", "-qb", "change")
    (place / "app.py").write_text("def run(x):\n    return eval(x)\n")
    git(place, "commit", "-qam", "change")
    return place


@pytest.fixture
def refactor(repo, tmp_path):
    def run(*arguments, script=MEND, **more):
        program = tmp_path / "developer.py"
        program.write_text(script)
        program.chmod(0o755)
        argv = [sys.executable, str(program)]
        env = {
            "HARNESS_DEVELOPER": json.dumps({"name": "dev", "kind": "command", "argv": argv}),
            "HARNESS_SANDBOX": "off",
            **more,
        }
        return harness("refactor", ".", "--base", "main", *arguments, cwd=repo, env=env)

    return run


def state(repo):
    def out(*words):
        return subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True).stdout

    return out("rev-parse", "HEAD"), out("status", "--porcelain"), out("branch", "--list")


def test_the_difference_is_printed_and_the_repository_stays_as_it_is(refactor, repo):
    before = state(repo)
    done = refactor()
    assert done.returncode == 0, done.stderr
    assert "+    return ast.literal_eval(x)" in done.stdout
    assert "repaired: " in done.stderr
    assert state(repo) == before
    applied = subprocess.run(
        ["git", "apply", "--check"], cwd=repo, input=done.stdout, text=True, check=False
    )
    assert applied.returncode == 0


def test_a_plan_and_all_that_is_known_of_the_change_reach_the_developer(refactor, repo, tmp_path):
    planner = tmp_path / "planner.py"
    planner.write_text('import sys\nsys.stdin.read()\nprint("1. Parse with ast, as PLANNED")\n')
    (repo / "AGENTS.md").write_text("Keep it small.\n")
    (repo / "uses.py").write_text("import app\n")
    git(repo, "checkout", "-q", "main")
    git(repo, "add", "AGENTS.md", "uses.py")
    git(repo, "commit", "-qm", "guide")
    git(repo, "checkout", "-q", "change")
    git(repo, "rebase", "-q", "main")
    plan = {"name": "plan", "kind": "command", "argv": [sys.executable, str(planner)]}
    words = ("as PLANNED", "AGENTS.md\n\nKeep it small.", "uses.py  imports app.py")
    script = MEND.replace(
        "sys.stdin.read()",
        f"told = sys.stdin.read()\nassert all(words in told for words in {words!r}), told",
    )
    done = refactor(script=script, HARNESS_PLANNER=json.dumps(plan))
    assert done.returncode == 0, done.stderr


def test_an_analyzer_plans_nothing(refactor):
    done = refactor(HARNESS_PLANNER=json.dumps({"name": "plan", "kind": "ruff"}))
    assert done.returncode == 2
    assert "HARNESS_PLANNER: 'ruff' cannot plan" in done.stderr


def test_a_branch_is_written_when_asked_and_never_over_another_one(refactor, repo):
    done = refactor("--branch", "repaired")
    assert done.returncode == 0, done.stderr
    head = subprocess.run(
        ["git", "log", "--format=%P %s", "-1", "repaired"], cwd=repo, check=True,
        capture_output=True, text=True,
    ).stdout.split(maxsplit=1)  # fmt: skip
    assert head[0] == state(repo)[0].decode().strip()
    assert head[1].startswith("Repair 1 issue")
    again = refactor("--branch", "repaired")
    assert again.returncode == 2
    assert "there is one already" in again.stderr


def test_not_repaired_is_told_by_the_exit_status(refactor):
    done = refactor(script=NOTHING)
    assert done.returncode == 1
    assert "the developer changed nothing" in done.stderr
    assert done.stdout == ""


def test_a_task_of_its_own(refactor, repo):
    git(repo, "checkout", "-q", "main")
    done = refactor("--task", "read x as a literal")
    assert done.returncode == 0, done.stderr
    assert "+    return ast.literal_eval(x)" in done.stdout


def test_nothing_to_repair_and_nobody_to_do_it(refactor, repo):
    done = harness("refactor", ".", "--base", "main", cwd=repo)
    assert done.returncode == 2
    assert "HARNESS_DEVELOPER" in done.stderr
    git(repo, "checkout", "-q", "main")
    assert refactor().returncode == 2


def test_the_example_of_the_readme_runs(tmp_path):
    (code,) = re.findall(
        r"### The loop as a library.*?```python\n(.*?)```", README.read_text(), re.DOTALL
    )
    place = tmp_path / "work"
    place.mkdir()
    git(place, "init", "-q", "-b", "main")
    (place / "app.py").write_text("")
    git(place, "add", ".")
    git(place, "commit", "-qm", "base")
    code += "\n\nimport asyncio\n\nasyncio.run(main())\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(README.parent), "PATH": "/usr/bin:/bin"}, timeout=50,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Status: success\nIterations: 2\nCost: $0.00\n" in done.stdout
    assert "+    return a + b" in done.stdout
