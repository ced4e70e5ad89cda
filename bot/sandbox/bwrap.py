"""Bubblewrap's options for a fence. Pure: what is on this machine is handed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.fence import HOME, MIB, TMP, TREES, Access, Fence, View
from bot.sandbox.programs import Mount

_SHM_BYTES = 64 * MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """What every sandbox shows of this machine."""

    mounts: tuple[Path, ...]
    links: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """What one sandbox shows besides the tree."""

    mounts: tuple[Mount, ...]
    links: tuple[tuple[str, Path], ...] = ()
    files: Mapping[Path, int] | None = None
    """Small files of our own: path inside, and a descriptor to read the content from."""
    home_files: Mapping[Path, int] | None = None
    """The same, but the process may change them."""


def options(
    fence: Fence,
    view: View,
    system: System,
    inside: Inside,
    *,
    env: Mapping[str, str],
    cwd: Path,
    disable_userns: bool = True,
) -> tuple[str, ...]:
    """Everything before ``--``. It holds the environment: hand it over by ``--args``."""
    return (
        "--unshare-all",
        "--unshare-user",
        *(("--disable-userns",) if disable_userns else ()),
        "--die-with-parent",
        # No --new-session: the process group is how everything is ended, and a bwrap killed before
        # it asks to die with its parent would live on in a session of its own. There is no
        # terminal to protect: bot.process starts each child in a new session.
        "--clearenv",
        *("--cap-drop", "ALL"),
        *("--hostname", "sandbox"),
        *_read_only(system.mounts),
        *_links(system.links),
        *("--proc", "/proc"),
        # Some of it belongs to the sandbox's own namespaces and would be writable.
        *("--ro-bind", "/proc/sys", "/proc/sys"),
        *("--dev", "/dev"),
        *_scratch(Path("/dev/shm"), _SHM_BYTES),  # noqa: S108  # inside the sandbox
        *_scratch(TMP, fence.tmp_bytes),
        *_scratch(HOME, fence.home_bytes),
        *_given(fence, view),
        *(word for m in inside.mounts for word in ("--ro-bind", str(m.source), str(m.target))),
        *_links([link for link in inside.links if not _shown(link[1], system)]),
        *_files(inside.files or {}, "0444"),
        *_files(inside.home_files or {}, "0600"),
        # What bubblewrap made itself has no size limit: nobody writes there.
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
        *("--chdir", str(cwd)),
        *(word for name, value in env.items() for word in ("--setenv", name, value)),
    )


def place_of_tree(mounts: Sequence[Mount]) -> Path:
    """The first place for the tree that no program's files would have to be put into."""
    for tree in TREES:
        if not any(m.target.is_relative_to(tree) for m in mounts):
            return tree
    return TREES[-1]


def place_of_cwd(cwd: Path | None, fence: Fence, view: View) -> Path:
    """The working directory inside: a place in the tree, else the tree itself."""
    for tree in (view.tree, fence.tree):
        if cwd is not None and cwd.is_relative_to(tree):
            return view.tree / cwd.relative_to(tree)
    return view.tree


def _given(fence: Fence, view: View) -> Iterator[str]:
    yield "--bind" if fence.access is Access.WRITE else "--ro-bind"
    yield from (str(fence.tree), str(view.tree))
    if fence.git_dir is not None and view.git_dir is not None:
        yield from ("--ro-bind", str(fence.git_dir), str(view.git_dir))


def _scratch(place: Path, size: int) -> tuple[str, ...]:
    mode = "1777" if place != HOME else "0700"
    return ("--perms", mode, "--size", str(size), "--tmpfs", str(place))


def _read_only(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        yield from ("--ro-bind", str(path), str(path))


def _shown(place: Path, system: System) -> bool:
    """Whether the system's own directories hold it: what Debian calls an alternative is there."""
    return any(place.is_relative_to(folder) for folder in system.mounts)


def _links(links: Sequence[tuple[str, Path]]) -> Iterator[str]:
    for said, place in links:
        yield from ("--symlink", said, str(place))


def _files(files: Mapping[Path, int], mode: str) -> Iterator[str]:
    for place, descriptor in files.items():
        yield from ("--perms", mode, "--file", str(descriptor), str(place))
