"""Looks at a tree that strangers filled: bounded, and through no symbolic link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.checkout.files import read_file

MAX_PATHS = 50_000
MAX_DEPTH = 16
MAX_TEXT = 256 * 1024
MAX_REPORTS = 2000
_SKIPPED = frozenset((".git", "node_modules", ".venv", "venv", "__pycache__", ".tox"))
_REPORTS = ("target/surefire-reports/", "build/test-results/")

Stamp = tuple[int, int, int]
"""Tells a file that was written anew from one that lay there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The files of a tree, those near its root first."""

    tree: Path
    paths: frozenset[str]

    def read(self, path: str) -> str:
        content = read_file(self.tree, path, MAX_TEXT)
        return "" if content is None else content.decode("utf-8", "replace")

    def exists(self, path: str) -> bool:
        """Also through links: package managers make them."""
        try:
            return (self.tree / path).is_file()
        except (OSError, ValueError):
            return False

    def modules(self, folder: str) -> frozenset[str]:
        """Python modules that a program started in ``folder`` finds in the tree."""
        starts = [f"{folder}/" if folder else ""]
        starts += [f"{starts[0]}{inner}/" for inner in ("src", "tests", "test")]
        below = (p[len(start) :] for start in starts for p in self.paths if p.startswith(start))
        return frozenset(
            p.partition("/")[0].removesuffix(".py") for p in below if p.endswith(".py")
        )


def look(tree: Path) -> Listing:
    """Names that are no text are left out: no tool of ours could be asked about them."""
    found: set[str] = set()
    for path in _walk(tree, _SKIPPED):
        found.add(path)
        if len(found) >= MAX_PATHS:
            break
    return Listing(tree=tree, paths=frozenset(found))


def report_files(tree: Path, folder: str) -> dict[str, Stamp]:
    """The JUnit files of Maven and Gradle below ``folder``, by path."""
    found: dict[str, Stamp] = {}
    start = tree / folder
    for path in _walk(start, _SKIPPED):
        if path.endswith(".xml") and any(f"/{place}" in f"/{path}" for place in _REPORTS):
            status = (start / path).lstat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            found[f"{folder}/{path}" if folder else path] = stamp
            if len(found) >= MAX_REPORTS:
                break
    return found


def _walk(top: Path, skipped: frozenset[str]) -> Iterator[str]:
    """Breadth first, so that a limit cuts off what is deep."""
    level = [""]
    for _ in range(MAX_DEPTH):
        deeper: list[str] = []
        for folder in level:
            for name, is_folder in _entries(top / folder):
                path = f"{folder}{name}"
                if is_folder:
                    if name not in skipped:
                        deeper.append(f"{path}/")
                else:
                    yield path
        level = deeper


def _entries(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not entry.is_symlink() and _is_text(entry.name)
            )
    except OSError:
        return []


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)
