"""References of a repository that hold no code: records of how it was written.

They are fetched apart from the code into a bare repository of their own, at depth 1 and without
large files, and read without ever asking the server for what was left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bot.checkout.git import Git, Place, failure
from bot.checkout.remote import Remote, refusal
from bot.models import Repo
from bot.process import Completed

FILTER = "blob:limit=200k"
SECONDS = 120.0
MAX_FILES = 4_000
"""Of all records of one change together."""
MAX_BYTES = 32 * 1024 * 1024

Wanted = Mapping[str, tuple[str, str]]
"""Name of a record -> (reference, folder in it; "" is its root)."""
Found = dict[str, dict[str, bytes]]
"""Name of a record -> path below its folder -> content."""


class Reader(Protocol):
    """Where records are read from."""

    async def available(self, references: Sequence[str]) -> tuple[str, ...]:
        """Those of the references that exist; after this they can be read."""
        ...

    async def read(self, wanted: Wanted, keep: Callable[[str], bool]) -> Found:
        """Files that ``keep`` wants, by path; a record that is not there is missing."""
        ...


class Records:
    """In ``git_dir``. ``remote`` is asked when something is fetched; None: nothing is."""

    def __init__(
        self,
        git: Git,
        git_dir: Path,
        *,
        repo: Repo | None = None,
        remote: Callable[[], Awaitable[Remote]] | None = None,
        create: Callable[[Path], Awaitable[None]] | None = None,
        alone: asyncio.Lock | None = None,
    ) -> None:
        self._git = git
        self._place = Place(git_dir=git_dir)
        self._repo = repo
        self._remote = remote
        self._create = create
        self._alone = alone or asyncio.Lock()

    async def available(self, references: Sequence[str]) -> tuple[str, ...]:
        """Fetched first, if there is somebody to fetch from. Raises what a fetch raises."""
        if self._remote is not None:
            async with asyncio.timeout(SECONDS), self._alone:
                return await self._fetched(references)
        done = await self._git.run(self._place, "for-each-ref", "--format=%(refname)", *references)
        if done.returncode:
            raise failure("for-each-ref", done, self._place)
        listed = done.stdout.decode("utf-8", "surrogateescape").split()
        return tuple(reference for reference in references if reference in listed)

    async def read(self, wanted: Wanted, keep: Callable[[str], bool]) -> Found:
        entries: list[tuple[str, str, str]] = []
        for reference in dict.fromkeys(ref for ref, _folder in wanted.values()):
            names = {folder: name for name, (ref, folder) in wanted.items() if ref == reference}
            entries += await self._listed(reference, names, keep)
        contents = await self._contents([blob for _name, _path, blob in entries])
        found: Found = {}
        for name, path, blob in entries:
            if blob in contents:
                found.setdefault(name, {})[path] = contents[blob]
        return found

    async def _fetched(self, references: Sequence[str]) -> tuple[str, ...]:
        if self._remote is None or not references:
            return ()
        if self._create is not None and not self._place.git_dir.is_dir():
            await self._create(self._place.git_dir)
        remote = await self._remote()
        done = await self._git.run(
            self._place, "ls-remote", "--quiet", "--end-of-options", remote.url, *references,
            remote=remote,
        )  # fmt: skip
        self._refused("ls-remote", done)
        rows = done.stdout.decode("utf-8", "surrogateescape").splitlines()
        there = {row.partition("\t")[2] for row in rows}
        known = tuple(reference for reference in references if reference in there)
        if known:
            await self._fetch(remote, known)
        return known

    async def _fetch(self, remote: Remote, references: Sequence[str]) -> None:
        config = self._place.git_dir / "config"
        before = await asyncio.to_thread(config.read_bytes)
        try:
            done = await self._git.run(
                self._place, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                "--no-recurse-submodules", "--no-auto-maintenance", "--depth=1",
                f"--filter={FILTER}", "--end-of-options", remote.url,
                *(f"+{reference}:{reference}" for reference in references),
                remote=remote,
            )  # fmt: skip
        finally:
            # Git notes whom to ask for what it left out. Nobody is to be asked.
            await asyncio.to_thread(config.write_bytes, before)
        self._refused("fetch", done)

    def _refused(self, name: str, done: Completed) -> None:
        if done.returncode:
            known = refusal(done.stderr, self._repo) if self._repo is not None else None
            raise known or failure(name, done, self._place)

    async def _listed(
        self, reference: str, names: Mapping[str, str], keep: Callable[[str], bool]
    ) -> list[tuple[str, str, str]]:
        """(record, path below its folder, blob)."""
        folders = [f"{folder}/" for folder in names if folder]
        done = await self._git.run(
            self._place, "ls-tree", "-r", "-z", "--full-tree", reference, "--", *folders
        )
        if done.returncode:
            return []
        found: list[tuple[str, str, str]] = []
        for row in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
            head, _tab, path = row.partition("\t")
            folder = next((f for f in names if not f or path.startswith(f"{f}/")), None)
            if not head.startswith("100") or folder is None:
                continue
            below = path.removeprefix(f"{folder}/") if folder else path
            if keep(below):
                found.append((names[folder], below, head.split()[2]))
        return found[:MAX_FILES]

    async def _contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """Of those that are here: git says of the others that they are missing."""
        unique = list(dict.fromkeys(blobs))
        if not unique:
            return {}
        stdin = "".join(f"{blob}\n" for blob in unique).encode("ascii")
        done = await self._git.run(
            self._place, "cat-file", "--batch-check", "--buffer", stdin=stdin
        )
        sizes = [row.split() for row in done.stdout.decode("ascii").splitlines()]
        room, here = MAX_BYTES, []
        for row in sizes:
            if len(row) == 3 and row[1] == "blob" and int(row[2]) <= room:
                room -= int(row[2])
                here.append(row[0])
        output = await self._git.output(
            self._place, "cat-file", "--batch", "--buffer",
            stdin="".join(f"{blob}\n" for blob in here).encode("ascii"),
        )  # fmt: skip
        return dict(_batch(output))


def _batch(output: bytes) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    place = 0
    while place < len(output):
        end = output.index(b"\n", place)
        name, _kind, size = output[place:end].decode("ascii").split()
        start = end + 1
        found.append((name, output[start : start + int(size)]))
        place = start + int(size) + 1
    return found
