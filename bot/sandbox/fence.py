"""What a process in a sandbox may see, do and use, and where it finds things there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bot.sandbox.uplink import Uplink

MIB = 1024 * 1024

TREES = (Path("/work"), Path("/workspace"), Path("/harness-tree"))
"""Where the tree lies inside. The first one, unless a program of this machine lies there."""
GIT_DIR = Path("/repo.git")
EXTRA = Path("/run/harness")
HOME = Path("/home/agent")
TMP = Path("/tmp")  # noqa: S108  # inside the sandbox, where it is a file system of its own

UPLINK = Path("/run/uplink")
"""Where the way out lies inside: the socket to our side, and the program that carries to it."""

MAX_PATH = 4096


class Access(StrEnum):
    """What may be done to the tree; everything else is read-only always."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fence:
    """One process's surroundings. Paths are this machine's; `View` tells where they are inside."""

    tree: Path
    git_dir: Path | None = None
    extra_ro: tuple[Path, ...] = ()
    """Files or directories given to the process, each under a name of its own."""
    access: Access = Access.READ
    uplink: Uplink | None = None
    """The one way out, at `bot.sandbox.uplink.ADDRESS`; there is no network without one."""
    home_files: Mapping[str, bytes] = field(default_factory=dict)
    """Small files to be found in the scratch home: path below it, and content."""
    memory_bytes: int | None = 4 * 1024 * MIB
    """Of all its processes where control groups can be made, else of the data of each."""
    pids: int | None = 512
    """Processes and threads, in a sandbox; a limit per user would count the neighbours."""
    cpu_seconds: int = 3600
    open_files: int = 4096
    file_bytes: int = 128 * MIB
    tmp_bytes: int = 256 * MIB
    home_bytes: int = 256 * MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """The same places as the process sees them."""

    sandboxed: bool
    tree: Path
    git_dir: Path | None = None
    extra: Mapping[Path, Path] = field(default_factory=dict)
    """By the paths of `Fence.extra_ro`."""
    names: tuple[tuple[Path, Path], ...] = ()
    """(path on this machine, path for the process), the most specific first."""

    def word(self, word: str) -> str:
        """An argument or the value of a variable: a path of the fence becomes the one inside."""
        if not word.startswith("/") or len(word) > MAX_PATH:
            return word
        for host, inside in self.names:
            if Path(word).is_relative_to(host):
                return str(inside / Path(word).relative_to(host))
        return word


def view_inside(fence: Fence, tree: Path) -> View:
    """The places inside a sandbox."""
    extra: dict[Path, Path] = {}
    for path in fence.extra_ro:
        inside = EXTRA / path.name
        number = 2
        while inside in extra.values():
            inside = EXTRA / f"{number}-{path.name}"
            number += 1
        extra[path] = inside
    git_dir = GIT_DIR if fence.git_dir is not None else None
    places = {fence.tree: tree, **extra}
    if fence.git_dir is not None:
        places[fence.git_dir] = GIT_DIR
    names = {name: inside for host, inside in places.items() for name in _names(host)}
    specific = sorted(names.items(), key=lambda item: -len(item[0].parts))
    return View(sandboxed=True, tree=tree, git_dir=git_dir, extra=extra, names=tuple(specific))


def _names(path: Path) -> tuple[Path, Path]:
    return path.absolute(), path.resolve()


def view_outside(fence: Fence) -> View:
    """The places without a sandbox: where they are."""
    return View(
        sandboxed=False,
        tree=fence.tree.absolute(),
        git_dir=fence.git_dir.absolute() if fence.git_dir is not None else None,
        extra={path: path.absolute() for path in fence.extra_ro},
    )
