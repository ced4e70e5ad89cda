"""Reads, compares and removes trees that strangers filled: no symlink is ever followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.checkout.listing import DIRECTORY, FILE, LINK

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO in place of a file would block whoever opens it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_file(tree: Path, path: str, limit: int) -> bytes | None:
    """A regular file's content. None: not there, reached through a symlink, or above ``limit``."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    try:
        return _read(tree, parts, limit)
    except (OSError, ValueError):  # ValueError: a NUL, or a surrogate that stands for no byte
        return None


def _read(tree: Path, parts: list[str], limit: int) -> bytes | None:
    directory = os.open(tree, _DIRECTORY)
    try:
        for part in parts[:-1]:
            below = os.open(part, _DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = below
        with os.fdopen(os.open(parts[-1], _FILE, dir_fd=directory), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                return None
            content = file.read(limit + 1)
            return content if len(content) <= limit else None
    finally:
        os.close(directory)


def has_shape(tree: Path, shape: Mapping[bytes, bytes]) -> bool:
    """Whether exactly these paths are there, each of its kind. Contents are git's to compare."""
    seen = 0
    waiting = [b""]
    root = os.fsencode(tree)
    while waiting:
        directory = waiting.pop()
        with os.scandir(root + b"/" + directory) as entries:
            for entry in entries:
                path = directory + b"/" + entry.name if directory else entry.name
                kind = _kind(entry)
                if shape.get(path) != kind:
                    return False
                seen += 1
                if kind == DIRECTORY:
                    waiting.append(path)
    return seen == len(shape)


def _kind(entry: os.DirEntry[bytes]) -> bytes:
    if entry.is_symlink():
        return LINK
    if entry.is_dir(follow_symlinks=False):
        return DIRECTORY
    return FILE if entry.is_file(follow_symlinks=False) else b"other"


def open_to_readers(tree: Path) -> None:
    """Modes 755 and 644, for a process umask that took them away: agents run as another user."""
    for directory, _names, files in os.walk(tree):
        Path(directory).chmod(0o755)
        for name in files:
            path = Path(directory, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def umask_of_process() -> int:
    """Read from /proc: os.umask would have to change it, for every thread, to tell it."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o077


def remove(path: Path) -> None:
    """Delete a tree of any depth; what is not there is fine.

    One directory is open at a time, and the way back up is checked: no recursion, no path longer
    than the system allows, and no way out of the tree.
    """
    try:
        top = os.open(path, _DIRECTORY)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        path.unlink()
        return
    _empty(top)
    with suppress(FileNotFoundError):
        path.rmdir()


def _empty(directory: int) -> None:
    """Delete everything below an open directory, and close it."""
    names = _unlink_files(directory)
    above: list[tuple[str, tuple[int, int], list[str]]] = []
    try:
        while names or above:
            if names:
                name = names.pop()
                above.append((name, _identity(directory), names))
                directory = _replaced(directory, _open_writable(name, directory))
                names = _unlink_files(directory)
            else:
                name, identity, names = above.pop()
                directory = _replaced(directory, os.open("..", _DIRECTORY, dir_fd=directory))
                if _identity(directory) != identity:
                    raise OSError(errno.ESTALE, "a directory was moved while it was removed", name)
                os.rmdir(name, dir_fd=directory)
    finally:
        os.close(directory)


def _replaced(old: int, new: int) -> int:
    os.close(old)
    return new


def _identity(directory: int) -> tuple[int, int]:
    status = os.fstat(directory)
    return status.st_dev, status.st_ino


def _unlink_files(directory: int) -> list[str]:
    """Delete what is no directory; the names of those that are."""
    directories = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                directories.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=directory)
    return directories


def _open_writable(name: str, parent: int) -> int:
    try:
        directory = os.open(name, _DIRECTORY, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        directory = os.open(name, _DIRECTORY, dir_fd=parent)
    if os.fstat(directory).st_mode & 0o700 != 0o700:
        os.fchmod(directory, 0o700)
    return directory
