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


def limited(fence: Fence, *, grouped: bool) -> tuple[str, ...]:
    """Limits of each process. Memory is a control group's, if there is one."""
    data = () if grouped or fence.memory_bytes is None else (f"--data={fence.memory_bytes}",)
    return (
        PRLIMIT,
        *data,
        f"--nofile={fence.open_files}",
        f"--fsize={fence.file_bytes}",
        f"--cpu={fence.cpu_seconds}",
        "--core=0",
        "--",
    )


def numbered(fence: Fence) -> tuple[str, ...]:
    """How many processes and threads there may be, said inside of a user namespace.

    Outside, the limit would count every process of the user; inside, it counts those of this
    namespace (seen on Linux 6.18: a neighbour of the same user changes nothing), and without
    capabilities nobody can raise it.
    """
    return () if fence.pids is None else (PRLIMIT, f"--nproc={fence.pids}", "--")
