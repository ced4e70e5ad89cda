"""The sample's problems are real: the analyzers find them, and two of them on the same lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.demo import sample


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, content in {**sample.BASE, **sample.CHANGE}.items():
        if isinstance(content, str):
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return tmp_path


def output(tree: Path, program: str, *arguments: str) -> Any:
    found = Path(sys.executable).parent / program
    done = subprocess.run(
        [found, *arguments], cwd=tree, capture_output=True, text=True, check=False, timeout=60
    )
    return json.loads(done.stdout)


def test_ruff_and_bandit_agree_on_lines(tree: Path) -> None:
    rules = "--select=F,E722,B006,S"
    ruff = output(tree, "ruff", "check", "--isolated", "--no-cache", rules,
                  "--output-format=json", "shop")  # fmt: skip
    bandit = output(tree, "bandit", "-q", "-r", "shop", "-f", "json")["results"]
    by_ruff = {
        (Path(item["filename"]).name, item["location"]["row"]): item["code"] for item in ruff
    }
    by_bandit = {(Path(item["filename"]).name, item["line_number"]) for item in bandit}
    shared = {by_ruff[place] for place in by_ruff.keys() & by_bandit}
    assert shared >= {"S307", "S602", "S506", "S105", "S324", "S306"}
    assert {"F401", "F841", "B006"} <= set(by_ruff.values()) - shared


def test_zizmor_finds_the_injection(tree: Path) -> None:
    found = output(tree, "zizmor", "--offline", "--format=json", ".github/workflows/ci.yml")
    assert "template-injection" in {item["ident"] for item in found}


def test_the_fix_repairs_two_problems_and_moves_the_others() -> None:
    before, after = sample.DISCOUNTS.splitlines(), str(sample.FIX["shop/discounts.py"]).splitlines()
    assert len(after) == len(before) - 1
    assert "import os" not in after
    assert "        return yaml.safe_load(file)" in after
    assert any("eval(" in line for line in after)
