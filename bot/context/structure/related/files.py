"""The files of a tree as a graph needs them: names first, contents when asked, links never."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bot.checkout.files import read_file
from bot.context.structure.wire import is_text

MAX_FILES = 20_000
MAX_BYTES = 1024 * 1024
_SKIPPED = frozenset(
    {
        "node_modules", ".git", ".hg", ".svn", "__pycache__", ".venv", "venv", ".tox", "vendor",
        "third_party", "bower_components", ".yarn", "Pods", "target",
    }
)  # fmt: skip
"""Others' code, and what machines made."""


class Files:
    """Paths below ``tree``, in order; at most `MAX_FILES`, those nearest the root first."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        ranked = sorted(_walked(tree), key=lambda path: (path.count("/"), path))[:MAX_FILES]
        self.paths = frozenset(ranked)
        self.sorted = tuple(sorted(ranked))
        self.folders = frozenset(
            str(parent) for path in ranked for parent in PurePosixPath(path).parents
        )

    def with_suffix(self, *suffixes: str) -> tuple[str, ...]:
        return tuple(path for path in self.sorted if path.endswith(suffixes))

    def read(self, path: str) -> bytes:
        """Empty for what cannot be read, and for what is too large."""
        return read_file(self.tree, path, MAX_BYTES) or b""


def joined(*parts: str) -> str | None:
    """A path below the root ("" is the root itself); None for one that leads out of the tree."""
    path = os.path.normpath("/".join(part for part in parts if part not in ("", ".")) or ".")
    if path == ".." or path.startswith(("/", "../")):
        return None
    return "" if path == "." else path


def _walked(tree: Path) -> Iterator[str]:
    for folder, below, names in os.walk(tree):
        below[:] = sorted(name for name in below if name not in _SKIPPED and is_text(name))
        for name in names:
            path = Path(folder) / name
            if is_text(name) and not path.is_symlink() and path.is_file():
                yield path.relative_to(tree).as_posix()
