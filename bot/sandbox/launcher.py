"""Command lines that give up rights and set limits before the real program is executed."""

from __future__ import annotations

from bot.sandbox.fence import Fence
from bot.sandbox.identity import Identity

BWRAP = "/usr/bin/bwrap"
SETPRIV = "/usr/bin/setpriv"
PRLIMIT = "/usr/bin/prlimit"


def dropping(user: Identity | None) -> tuple[str, ...]:
    """Become the service user for good; nothing to do when we are not root."""
    if user is None:
        return ()
    return (
        SETPRIV,
        *("--reuid", str(user.uid)),
        *("--regid", str(user.gid)),
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--",
    )


def limited(fence: Fence) -> tuple[str, ...]:
    """Limits of each process; those of the whole group are a control group's."""
    return (
        PRLIMIT,
        f"--nofile={fence.open_files}",
        f"--fsize={fence.file_bytes}",
        f"--cpu={fence.cpu_seconds}",
        "--core=0",
        "--",
    )
