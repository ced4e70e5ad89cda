"""One folder of a tree, as the recognisers of test frameworks see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Read = Callable[[str], str]
"""A file of the tree as text; empty if it is not there, too large, or no text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Paths are relative to it."""

    path: str
    paths: frozenset[str]
    """What lies in it and below it."""
    read: Read

    def has(self, *names: str) -> bool:
        return any(name in self.paths for name in names)

    def text(self, *names: str) -> str:
        """All of these files that there are."""
        return "\n".join(
            self.read(f"{self.path}/{name}" if self.path else name)
            for name in names
            if name in self.paths
        )


def folder(path: str, paths: Iterable[str], read: Read) -> Folder:
    """The folder at ``path`` (empty: the root) of a tree that holds ``paths``."""
    start = f"{path}/" if path else ""
    below = frozenset(
        p[len(start) :] for p in paths if p.startswith(start) and not foreign(p, start)
    )
    return Folder(path=path, paths=below, read=read)


_FOREIGN = frozenset(
    ("node_modules", "vendor", "third_party", "site-packages", ".venv", "venv", ".tox", ".git")
)


def foreign(path: str, start: str = "") -> bool:
    """Whether it belongs to somebody else's package that lies below ``start``."""
    return not _FOREIGN.isdisjoint(path[len(start) :].split("/")[:-1])
