"""Who agents run as, and what that user may reach. Never root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

SERVICE_USERS = ("harness", "nobody")
READ, WRITE, SEARCH = 4, 2, 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A user without supplementary groups."""

    uid: int
    gid: int
    name: str

    def may(self, status: os.stat_result, want: int) -> bool:
        """Whether the mode bits grant ``want`` (4 read, 2 write, 1 search or execute)."""
        if self.uid == status.st_uid:
            granted = status.st_mode >> 6
        elif self.gid == status.st_gid:
            granted = status.st_mode >> 3
        else:
            granted = status.st_mode
        return granted & want == want


def service_user() -> Identity | None:
    """Whom to become: None to stay who we are, because we are not root."""
    if os.geteuid() != 0:
        return None
    for name in SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Identity(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    return Identity(uid=65534, gid=65534, name="65534")


def barrier(path: Path, user: Identity) -> Path | None:
    """The first directory on the way to a real ``path`` that the user cannot pass."""
    for ancestor in reversed(path.parents):
        if not user.may(ancestor.stat(), SEARCH):
            return ancestor
    return None


def unreadable(path: Path, user: Identity, *, executed: bool = False) -> str:
    """Why the user cannot use ``path`` itself, wherever it lies; empty if it can."""
    status = path.stat()
    want = READ | (SEARCH if executed or stat.S_ISDIR(status.st_mode) else 0)
    if user.may(status, want):
        return ""
    mode = stat.filemode(status.st_mode)
    return f"{path} ({mode}) cannot be read by user {user.name}"


def hand_over(tree: Path, user: Identity) -> None:
    """Make a tree that root wrote the user's own; nothing is followed out of it."""
    for directory, names, files in os.walk(tree):
        for path in (Path(directory), *(Path(directory, name) for name in (*names, *files))):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)
