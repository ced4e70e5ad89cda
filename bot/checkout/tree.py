"""Work trees: written through a private index, kept for the next push, never shared by two runs.

A slot is a directory with a tree, the index that git keeps of it and the diff of the run. Whoever
uses a slot holds a lock on it, which the system takes back when the process dies. The next run of
the pull request takes the slot again and git writes only what changed; afterwards the tree must
hold exactly the paths of the new head, or everything is written anew. git compares each file that
stays with what the index recorded of it (size, times, inode), so an altered file is written again.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.checkout.files import has_shape, open_to_readers, read_file, remove, umask_of_process
from bot.checkout.git import Git, Place
from bot.checkout.listing import Listing, Stripped, shape, strip
from bot.checkout.remote import RETRY_SECONDS
from bot.errors import GitFailed, TreeRefused, TryLater
from bot.log import logger

__all__ = ["Slot", "Trees", "list_tree", "read_file", "write_tree"]

MAX_SLOTS = 64
LISTING_SECONDS = 60
_READABLE = 0o755

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Where one run's tree lies. Only the holder of its lock touches it."""

    directory: Path

    @property
    def tree(self) -> Path:
        return self.directory / "tree"

    @property
    def index(self) -> Path:
        return self.directory / "index"

    @property
    def diff_file(self) -> Path:
        return self.directory / "change.diff"

    @property
    def doomed(self) -> Path:
        """Present when the pull request was closed while the slot was in use."""
        return self.directory / "doomed"

    def clear(self) -> None:
        """Nothing of an earlier run stays."""
        remove(self.tree)
        for name in ("index", "index.lock"):
            (self.directory / name).unlink(missing_ok=True)


class Trees:
    """The slots below one directory, one directory for each pull request."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @asynccontextmanager
    async def slot(self, number: int) -> AsyncIterator[Slot]:
        """The first slot that nobody uses; slots beyond the first are removed afterwards."""
        # Not in a thread: a cancellation would leave the thread's lock behind.
        slot, lock = self._take(number)
        try:
            yield slot
        finally:
            await asyncio.to_thread(_give_back, slot, lock)

    async def forget(self, number: int) -> None:
        """Remove the pull request's trees; one that is in use goes when its user is done."""
        await asyncio.to_thread(self._forget, number)

    def _take(self, number: int) -> tuple[Slot, int]:
        for place in range(MAX_SLOTS):
            slot = Slot(directory=self._root / str(number) / str(place))
            lock = _lock(slot)
            if lock is None:
                continue
            if slot.doomed.exists():
                slot.index.unlink(missing_ok=True)
                slot.doomed.unlink()
            return slot, lock
        raise TryLater(f"{MAX_SLOTS} runs of one pull request are going on", RETRY_SECONDS)

    def _forget(self, number: int) -> None:
        directory = self._root / str(number)
        if not directory.is_dir():
            return
        for path in directory.iterdir():
            slot = Slot(directory=path)
            with suppress(FileNotFoundError):
                slot.doomed.touch()
            lock = _lock(slot)
            if lock is not None:
                _give_back(slot, lock)
        # Still there: somebody uses a slot, or a new run came in between.
        with suppress(OSError):
            directory.rmdir()


def _lock(slot: Slot) -> int | None:
    """An open lock, None when somebody else holds it."""
    for directory in (*reversed(slot.directory.parents[:4]), slot.directory):
        _make(directory)
    path = slot.directory / "lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:  # removed by whoever gave it back just now
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_ino == path.stat().st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None


def _make(directory: Path) -> None:
    with suppress(FileExistsError):
        directory.mkdir(parents=True)
        directory.chmod(_READABLE)


def _give_back(slot: Slot, lock: int) -> None:
    try:
        if slot.doomed.exists() or slot.directory.name != "0":
            # The lock file is the last to go: until then nobody takes what is half removed.
            slot.clear()
            remove(slot.directory)
    finally:
        os.close(lock)


async def list_tree(git: Git, git_dir: Path, sha: str) -> Listing:
    """Every entry of a commit's tree, refused at the first one beyond a limit."""
    listing = Listing()
    place = Place(git_dir=git_dir)
    async with await git.start(
        place, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", sha
    ) as child:
        try:
            async with asyncio.timeout(LISTING_SECONDS):
                async for chunk in child.chunks():
                    listing.add(chunk)
                returncode = await child.wait()
        except TimeoutError:
            raise TreeRefused(f"listing the tree takes more than {LISTING_SECONDS} s") from None
        if returncode != 0:
            raise GitFailed(f"git ls-tree failed: {child.stderr.strip()[-300:]}")
    return listing


async def write_tree(
    git: Git, git_dir: Path, slot: Slot, sha: str, listing: Listing, *, stripped: bool
) -> None:
    """Make the slot's tree that of ``sha``, from what lies there or from nothing."""
    entries = tuple(listing.entries)
    target = await asyncio.to_thread(strip, entries) if stripped else Stripped(entries=entries)
    if target.batch:
        await _write_objects(git, git_dir, target)
    place = Place(git_dir=git_dir, work_tree=slot.tree, index=slot.index)
    wanted = target.tree or sha
    if not await _move_on(git, place, slot, wanted, target):
        await asyncio.to_thread(_start_over, slot)
        try:
            await _read_tree(git, place, wanted)
        except GitFailed as error:
            raise TreeRefused(f"git refuses to write the tree: {error.message}") from error
    if umask_of_process() & 0o055:
        await asyncio.to_thread(open_to_readers, slot.tree)


async def _move_on(git: Git, place: Place, slot: Slot, wanted: str, target: Stripped) -> bool:
    """Whether the tree of an earlier run was there, and is now exactly the wanted one."""
    if not slot.index.exists() or not slot.tree.is_dir() or slot.tree.is_symlink():
        return False
    # The slot is ours: a lock that a killed git left there belongs to nobody.
    (slot.directory / "index.lock").unlink(missing_ok=True)
    try:
        await _read_tree(git, place, wanted)
    except GitFailed as error:
        _log.info("tree.damaged", tree=str(slot.tree), reason=error.message)
        return False
    same = await asyncio.to_thread(lambda: has_shape(slot.tree, shape(target.entries)))
    if not same:
        _log.info("tree.damaged", tree=str(slot.tree), reason="other paths than the commit's")
    return same


async def _read_tree(git: Git, place: Place, wanted: str) -> None:
    await git.output(place, "read-tree", "--reset", "-u", "--no-recurse-submodules", wanted)


async def _write_objects(git: Git, git_dir: Path, target: Stripped) -> None:
    place = Place(git_dir=git_dir)
    answer = await git.output(place, "mktree", "-z", "--batch", "--missing", stdin=target.batch)
    if tuple(answer.decode("ascii").split()) != target.ids:
        raise GitFailed("git mktree wrote another tree than it was told")


def _start_over(slot: Slot) -> None:
    slot.clear()
    slot.tree.mkdir()
    slot.tree.chmod(_READABLE)
