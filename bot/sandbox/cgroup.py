"""Limits the memory of a whole group of processes, where this machine lets us make control groups.

A limit for each process is none for many of them, and an address-space limit breaks programs that
only reserve memory. Where no group can be made, the data of each process is limited instead
(`bot.sandbox.launcher`), which is weaker and said by `harness doctor`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.log import logger

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
PREFIX = "harness-"
FRESH_SECONDS = 60.0

_JOIN = 'echo $$ > "$0" && exec "$@"'
"""Constant; the file and the command line are arguments."""

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """The directory below which groups can be made, and how its files are called."""

    base: Path
    limit: str
    swap: str
    events: str
    kills: str = r"^oom_kill (\d+)$"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One process's group, with everything that it starts."""

    path: Path
    kinds: Groups

    def joining(self) -> tuple[str, ...]:
        """The words before a command line that is to be in the group. It still has our rights."""
        return ("/bin/sh", "-c", _JOIN, str(self.path / "cgroup.procs"))

    def killed(self) -> bool:
        """Whether the kernel ended one of it for its memory."""
        try:
            text = (self.path / self.kinds.events).read_text()
        except OSError:
            return False
        found = re.search(self.kinds.kills, text, re.MULTILINE)
        return found is not None and int(found[1]) > 0

    def remove(self) -> None:
        """Its processes are gone; a group that is not empty stays, and is told."""
        try:
            self.path.rmdir()
        except OSError as error:
            _log.warning("cgroup.left", path=str(self.path), reason=error.strerror)


def make(groups: Groups, memory_bytes: int) -> Group:
    """A group with its limit; `OSError` where the system refuses."""
    path = groups.base / f"{PREFIX}{secrets.token_hex(8)}"
    path.mkdir()
    group = Group(path=path, kinds=groups)
    try:
        (path / groups.limit).write_text(str(memory_bytes))
        with contextlib.suppress(OSError):  # a machine without swap counts none
            # The older kind counts memory and swap together, the newer one swap alone.
            together = groups.swap != "memory.swap.max"
            (path / groups.swap).write_text(str(memory_bytes if together else 0))
    except OSError:
        group.remove()
        raise
    return group


def found(root: Path = ROOT, own: Path = OWN) -> Groups | None:
    """Where groups can be made, shown by making one; None where nowhere."""
    for groups in _candidates(root, own):
        try:
            trial = make(groups, 64 * 1024 * 1024)
            now = trial.path.stat().st_mtime
            trial.remove()
        except OSError:
            continue
        _sweep(groups, before=now - FRESH_SECONDS)
        return groups
    return None


def _candidates(root: Path, own: Path) -> list[Groups]:
    """Below our own group first, then beside it, then at the top of what we are shown."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    candidates: list[Groups] = []
    for line in lines:
        _number, controllers, path = [*line.split(":", 2), "", ""][:3]
        place = path.lstrip("/")
        if "memory" in controllers.split(","):
            mount = root / "memory"
            bases = dict.fromkeys((mount / place, (mount / place).parent, mount))
            candidates += [_v1(base) for base in bases if base.is_relative_to(mount)]
        elif not controllers:
            bases = dict.fromkeys((root / place, (root / place).parent, root))
            candidates += [_v2(base) for base in bases if _delegated(base, root)]
    return [groups for groups in candidates if groups.base.is_dir()]


def _v1(base: Path) -> Groups:
    return Groups(
        base=base,
        limit="memory.limit_in_bytes",
        swap="memory.memsw.limit_in_bytes",
        events="memory.oom_control",
    )


def _v2(base: Path) -> Groups:
    return Groups(base=base, limit="memory.max", swap="memory.swap.max", events="memory.events")


def _delegated(base: Path, root: Path) -> bool:
    """Whether groups below it have a limit of memory."""
    try:
        text = (base / "cgroup.subtree_control").read_text()
    except OSError:
        return False
    return base.is_relative_to(root) and "memory" in text.split()


def _sweep(groups: Groups, before: float) -> None:
    """Groups that a killed harness left. Only an empty one can be removed, and a new one may be
    empty because its process is just about to join."""
    for path in groups.base.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < before:
                path.rmdir()
