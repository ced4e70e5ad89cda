"""The fences of a run: what each kind of process may see, write and reach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.models import Role
from bot.sandbox.fence import MIB, Access, Fence
from bot.sandbox.uplink import Uplink

_TEST_FILE_BYTES = 512 * MIB
_TEST_TMP_BYTES = 1024 * MIB


def agent(
    role: Role,
    *,
    tree: Path,
    git_dir: Path,
    files: tuple[Path, ...],
    uplink: Uplink | None = None,
    home_files: Mapping[str, bytes] | None = None,
) -> Fence:
    """An agent reads the tree, the repository and ``files``; only a developer writes the tree."""
    return Fence(
        tree=tree,
        git_dir=git_dir,
        extra_ro=files,
        access=Access.WRITE if role is Role.DEVELOPER else Access.READ,
        uplink=uplink,
        home_files=home_files or {},
    )


def analyzer(tree: Path) -> Fence:
    """A program that reads files: no network, no key, no repository."""
    return Fence(tree=tree)


def tester(copy: Path) -> Fence:
    """The project's own tests, in a copy that they may write: no network, no key, no repository."""
    return Fence(
        tree=copy,
        access=Access.WRITE,
        file_bytes=_TEST_FILE_BYTES,
        tmp_bytes=_TEST_TMP_BYTES,
    )
