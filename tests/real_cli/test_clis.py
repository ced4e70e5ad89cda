"""A machine on which the command lines cannot be installed has a reason, and no leftovers."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from tests.real_cli import clis


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which nothing is installed yet."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return tmp_path / "real-cli"


def test_without_npm_it_is_said_that_npm_is_missing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(clis.NotInstalled, match="npm or node is not installed"):
        clis.installed()

    assert [path.name for path in elsewhere.iterdir()] == ["lock"]


def test_another_machine_is_told_what_the_lock_file_is_for(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")

    with pytest.raises(clis.NotInstalled, match="not aarch64"):
        clis.installed()

    assert not elsewhere.exists()


def test_what_npm_says_is_the_reason_and_nothing_half_done_counts(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, script in (("npm", "echo 'npm error code E503' >&2; exit 1"), ("node", "exit 0")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    for _ in range(2):
        with pytest.raises(clis.NotInstalled, match="E503"):
            clis.installed()
