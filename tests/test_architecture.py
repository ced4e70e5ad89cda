"""The house: rooms import downwards only, the map is complete, and habits that are gates hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bot

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "bot").rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_rooms_import_downwards_only(tmp_path):
    # In a process of its own: it configures logging, which switches off every logger there is.
    program = f"{Path(sys.executable).parent}/lint-imports"
    config = ["--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = subprocess.run([program, *config], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_parsers_of_strangers_code_are_no_part_of_the_server():
    """They run behind a fence, in a process of their own."""
    look = "import sys, bot.app, bot.cli.context; print(*sys.modules)"
    command = [sys.executable, "-c", look]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"tree_sitter", "grimp", "ast_serialize"} & set(done.stdout.split())


def test_the_map_of_the_house_is_complete():
    assert bot.__doc__ is not None
    listed = set(re.findall(r"^([a-z]+) {2,}\S", bot.__doc__, re.MULTILINE))
    there = {
        path.stem if path.is_file() else path.name
        for path in (ROOT / "bot").iterdir()
        if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
    }
    assert listed == there


def test_the_top_level_holds_what_was_agreed():
    agreed = {
        "pyproject.toml",
        "bot",
        "tests",
        "deploy",
        "app.yml",
        "README.md",
        "LICENSE",
        "Makefile",
    }
    there = {
        p.name
        for p in ROOT.iterdir()
        if not p.name.startswith(".") and not p.name.endswith(".egg-info")
    }
    assert agreed <= there
    assert there - agreed <= {"build", "dist", "htmlcov", "mutants"}


def test_the_one_blind_except_is_in_guard():
    blind = [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node.type)
    ]
    assert {place.split(":")[0] for place in blind} == {"bot/guard.py"}, blind


def catches_everything(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(n, ast.Name) and n.id in ("Exception", "BaseException") for n in names)


GUARDED = {
    # A boundary, and why one side must not take the other down.
    "bot/agents": "a sink, a hook or an agent costs nobody else's review",
    "bot/app.py": "readiness is an answer, not a crash",
    "bot/jobs": "a failing sweep must not end the engine",
    "bot/publish": "a publisher that fails is reported by the others",
    "bot/context/gather.py": "what a source cannot say is missing, and costs no review",
    "bot/runner": "a judge that fails holds nothing back, and costs no review",
    "bot/tasks": "whatever ends a run must be told on the pull request",
    "bot/webhook": "a delivery that cannot be stored is answered with 503",
    "bot/worker.py": "a delivery that its handler cannot read costs only itself",
    "bot/demo": "a delivery that the bot does not take must not end the embedded GitHub",
    "bot/sandbox": "a probe that fails is an answer",
}


def test_guard_is_used_at_known_boundaries_only():
    users = {
        name(path)
        for path in MODULES
        if name(path) != "bot/guard.py" and re.search(r"\bguard(_call)?\(", path.read_text())
    }
    unknown = {user for user in users if not any(user.startswith(where) for where in GUARDED)}
    assert not unknown


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_its_one_job_and_stays_small(path):
    text = path.read_text()
    if not text.strip():
        assert path.name == "__init__.py"
        return
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "the first line of a module is its one job"
    assert len(text.splitlines()) <= 400
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_ignore_without_its_reason(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(r"#\s*(noqa|type: ignore|pragma: no cover)", line):
            reason = re.search(r"(noqa: [A-Z0-9, ]+|ignore\[[^\]]+\]|cover)\W+\w.{8,}$", line)
            assert reason, f"{name(path)}:{number}: {line.strip()}"
