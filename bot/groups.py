"""Groups of processes: who is in them, how they are ended, and which of them run now.

A group outlives its leader. Its id is the leader's process id, and the kernel gives that id away
again only when the last member is gone; start times tell a group of ours from somebody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

KILL_SECONDS = 5.0
"""After SIGKILL only the kernel can still be busy."""
POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Stat:
    state: str
    group: int
    session: int
    start: int


def stat_of(pid: int) -> Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name may hold spaces and brackets; what follows its last bracket is numbers.
    fields = text.rpartition(")")[2].split()
    return Stat(
        state=fields[0], group=int(fields[2]), session=int(fields[3]), start=int(fields[19])
    )


def signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return bool(members_of(group, 0))  # a member may be a zombie that nobody collects


def members_of(group: int, since: int) -> list[int]:
    """Live processes of the group's own session that started at ``since`` or later."""
    found = []
    for entry in Path("/proc").iterdir():
        stat = stat_of(int(entry.name)) if entry.name.isdigit() else None
        if stat is None or stat.state in "ZX":
            continue
        if stat.group == stat.session == group and stat.start >= since:
            found.append(int(entry.name))
    return found


class Ledger:
    """Running groups on disk, one small file each, named by namespace and group.

    A record names the leader's and harness's process ids with their start times, so that a process
    id that was given to somebody else in the meantime is never taken for ours.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        self._space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116  # not a file
        me = os.getpid()
        stat = stat_of(me)
        self._harness = (me, stat.start if stat else 0)
        directory.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        """The group led by ``pid`` runs now."""
        stat = stat_of(pid)
        if stat is None:
            return
        record = {"boot": self._boot, "start": stat.start, "harness": self._harness}
        self._file(pid).write_text(json.dumps(record))

    def remove(self, pid: int) -> None:
        """The group led by ``pid`` is gone."""
        self._file(pid).unlink(missing_ok=True)

    async def reap(self) -> int:
        """End the groups of a harness that is no more; returns how many there were."""
        ended = 0
        for file in self._files():
            start = self._left_behind(file)
            if start is not None:
                ended += await _end_group(_group_of(file), start)
                file.unlink(missing_ok=True)
        return ended

    def _files(self) -> list[Path]:
        return [file for file in self._directory.iterdir() if _group_of(file)]

    def _left_behind(self, file: Path) -> int | None:
        """The start time of the group's leader, if its harness is dead and the group may live."""
        try:
            record = json.loads(file.read_text())
            boot, start = str(record["boot"]), int(record["start"])
            owner, owner_start = (int(number) for number in record["harness"])
        except (OSError, ValueError, LookupError, TypeError):
            file.unlink(missing_ok=True)  # a record that was cut off: nothing to go by
            return None
        if boot != self._boot:
            file.unlink(missing_ok=True)  # nothing survives a reboot
            return None
        if file.name.partition(".")[0] != str(self._space):
            return None  # another container's: its process ids mean nothing here
        stat = stat_of(owner)
        if stat is not None and stat.start == owner_start and stat.state not in "ZX":
            return None
        leader = stat_of(_group_of(file))
        if leader is not None and leader.start != start:
            file.unlink(missing_ok=True)  # the id was given away, so our group is gone
            return None
        return start

    def _file(self, pid: int) -> Path:
        return self._directory / f"{self._space}.{pid}"


def _group_of(file: Path) -> int:
    """The group a record is about; 0 for a file that is no record."""
    number = file.name.partition(".")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


async def _end_group(group: int, since: int) -> int:
    """SIGKILL until no member is left; 1 if there was any."""
    if not members_of(group, since):
        return 0
    deadline = asyncio.get_running_loop().time() + KILL_SECONDS
    while members_of(group, since) and asyncio.get_running_loop().time() < deadline:
        signal_group(group, signal.SIGKILL)
        await asyncio.sleep(POLL_SECONDS)
    return 1
