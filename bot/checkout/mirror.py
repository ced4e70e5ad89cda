"""One bare mirror per repository, filled by exact commit ids; a work tree per pull request.

A fetch names the two commits of a delivery, so that what is reviewed is what was announced, and
asks the server for nothing that is here already. Each commit gets a reference of its own, which
keeps it from being collected and is no other job's to write: jobs of one repository fetch, write
trees and compare side by side without a lock. Only a repository's first fetch and its tidying
up have one.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.checkout.draft import Drafts, Rule, Signature
from bot.checkout.files import remove
from bot.checkout.git import Git, Place, failure
from bot.checkout.push import PushOutcome, push
from bot.checkout.records import Records
from bot.checkout.remote import (
    Remote,
    address,
    check_names,
    check_sha,
    check_url,
    refusal,
)
from bot.checkout.repository import ATTRIBUTES, Repository
from bot.checkout.tree import Trees
from bot.errors import GiveUp, HarnessError, TryLater
from bot.log import logger
from bot.models import Repo, Workspace
from bot.process import Completed, Ledger

TokenSource = Callable[[Repo], Awaitable[str | None]]
"""Gives a token that may read the repository, or None where no login is needed."""

LOCK_SECONDS = 10.0
"""git holds its lock files for moments; an older one was left by a git that was killed."""
MAX_PACKS = 30
"""Every fetch leaves a pack; with more than this many they are merged when a PR is closed."""

_LOCK_FILE = re.compile(r"Unable to create '([^'\n]+\.lock)': File exists")

_log = logger(__name__)


class Mirrors:
    """All mirrors and trees of this machine, below ``root``."""

    def __init__(
        self,
        root: Path,
        *,
        github_url: str,
        token: TokenSource | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        check_url(github_url)
        self._mirrors = root / "mirrors"
        self._trees = root / "trees"
        self._github_url = github_url
        self._token = token
        self._git = Git(ledger=ledger)
        self._locks: dict[str, asyncio.Lock] = {}

    def mirror(self, repo: Repo, token: TokenSource | None = None) -> Mirror:
        """Cheap: nothing is written or fetched before `Mirror.fetch`."""
        url = address(self._github_url, repo)
        return Mirror(
            self._git,
            self._directory(repo),
            Trees(self._trees / repo.owner / repo.name),
            repo=repo,
            url=url,
            token=token or self._token,
            alone=self._locks.setdefault(repo.full_name, asyncio.Lock()),
        )

    async def forget(self, repo: Repo) -> None:
        """The App may not read the repository any more: nothing of it stays here."""
        check_names(repo)
        own = self._directory(repo)
        for path in (own, own.with_suffix(".records"), self._trees / repo.owner / repo.name):
            await asyncio.to_thread(_discard, path)

    def _directory(self, repo: Repo) -> Path:
        return self._mirrors / repo.owner / f"{repo.name}.git"


class Mirror(Repository):
    """One repository's mirror."""

    def __init__(
        self,
        git: Git,
        git_dir: Path,
        trees: Trees,
        *,
        repo: Repo,
        url: str,
        token: TokenSource | None,
        alone: asyncio.Lock,
    ) -> None:
        super().__init__(git, git_dir)
        self._trees = trees
        self._repo = repo
        self._url = url
        self._token = token
        self._alone = alone

    async def fetch(self, base_sha: str, head_sha: str, number: int) -> None:
        """Both commits with their history, under references of this pull request."""
        shas = dict.fromkeys((check_sha(base_sha), check_sha(head_sha)))
        wanted = [(sha, _reference(number, sha)) for sha in shas]
        if not self._missing(wanted):
            return
        if not self._is_filled():
            # Ten jobs of a new repository need one download, not ten.
            async with self._alone:
                if not self._is_filled():
                    await self._create()
                    await self._fetch(wanted)
        await self._fetch(self._missing(wanted))

    @asynccontextmanager
    async def tree(self, head_sha: str, number: int, *, strip: bool = True) -> AsyncIterator[Path]:
        """A work tree without ``.git``, for as long as the context lasts."""
        _reference(number, head_sha)
        async with self._trees.slot(number) as slot:
            yield await self._written(slot, head_sha, strip=strip)

    @asynccontextmanager
    async def workspace(
        self, base_sha: str, head_sha: str, number: int, *, strip: bool = True
    ) -> AsyncIterator[Workspace]:
        """Tree, repository and diff file of a run; nobody else uses the tree meanwhile."""
        _reference(number, head_sha)
        async with self._trees.slot(number) as slot:
            yield await self._furnished(slot, base_sha, head_sha, strip=strip)

    @asynccontextmanager
    async def drafting(
        self, base_sha: str, head_sha: str, number: int, *, signature: Signature, rule: Rule
    ) -> AsyncIterator[Drafts]:
        """A tree for a developer, and the commits that come of it."""
        _reference(number, head_sha)
        async with self._trees.slot(number) as slot:
            yield self._drafts(slot, base_sha, head_sha, signature, rule)

    def records(self) -> Records:
        """What is kept in this repository beside its code."""

        async def remote() -> Remote:
            token = await self._token(self._repo) if self._token is not None else None
            return Remote(url=self._url, token=token)

        async def create(git_dir: Path) -> None:
            await asyncio.to_thread(_make_readable, git_dir.parent)
            await init_bare(self._git, git_dir)

        directory = self.git_dir.with_suffix(".records")
        return Records(
            self._git, directory, repo=self._repo, remote=remote, create=create, alone=self._alone
        )

    async def push(
        self, branch: str, new_sha: str, *, lease_sha: str, token: str, to: Repo
    ) -> PushOutcome:
        """One commit to a branch of ``to`` (the repository, or a fork), if nobody moved it."""
        base = self._url.removesuffix(f"/{self._repo.owner}/{self._repo.name}.git")
        remote = Remote(url=address(base, to), token=token)
        return await push(
            self._git,
            self.git_dir,
            remote,
            repo=to,
            branch=branch,
            new_sha=new_sha,
            lease_sha=lease_sha,
        )

    async def forget(self, number: int) -> None:
        """The pull request was closed: its references and trees go."""
        prefix = _reference(number, "")
        if self._is_filled():
            listed = await self._git.output(
                self._place, "for-each-ref", "--format=%(refname)", prefix
            )
            commands = b"".join(b"delete %s\n" % name for name in listed.splitlines())
            if commands:
                await self._git.output(self._place, "update-ref", "--stdin", stdin=commands)
            await self._tidy()
        await self._trees.forget(number)

    def _missing(self, wanted: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """A reference is written after its objects: where it is, they are."""
        packed: bytes | None = None
        missing = []
        for sha, reference in wanted:
            if (self.git_dir / reference).is_file():
                continue
            if packed is None:
                packed = _content(self.git_dir / "packed-refs")
            if f" {reference}\n".encode() not in packed:
                missing.append((sha, reference))
        return missing

    def _is_filled(self) -> bool:
        return (self.git_dir / "refs" / "h").is_dir()

    async def _create(self) -> None:
        if self.git_dir.is_dir():
            return
        parent = self.git_dir.parent
        await asyncio.to_thread(_make_readable, parent)
        new = parent.parent / f".new-{secrets.token_hex(8)}"
        await init_bare(self._git, new)
        try:
            new.rename(self.git_dir)
        except OSError:  # another process was faster
            await asyncio.to_thread(remove, new)

    async def _fetch(self, wanted: list[tuple[str, str]]) -> None:
        if not wanted:
            return
        token = await self._token(self._repo) if self._token is not None else None
        remote = Remote(url=self._url, token=token)
        done = await self._fetch_once(remote, wanted)
        if done.returncode != 0 and (lock := _LOCK_FILE.search(done.stderr)):
            await asyncio.to_thread(self._break, Path(lock[1]))
            done = await self._fetch_once(remote, wanted)
        if done.returncode != 0:
            raise refusal(done.stderr, self._repo) or failure("fetch", done, self._place)

    async def _fetch_once(self, remote: Remote, wanted: list[tuple[str, str]]) -> Completed:
        return await self._git.run(
            self._place,
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--end-of-options",
            remote.url,
            *(f"+{sha}:{reference}" for sha, reference in wanted),
            remote=remote,
        )

    def _break(self, lock: Path) -> None:
        """Remove a stale lock file; a young one may have an owner."""
        if not lock.resolve().is_relative_to(self.git_dir.resolve()):
            raise GiveUp("git's lock file is not in the mirror")
        with suppress(FileNotFoundError), tempfile.TemporaryFile(dir=self.git_dir) as now:
            # Both times are the file system's, so no clock needs to agree with it.
            age = Path(f"/proc/self/fd/{now.fileno()}").stat().st_mtime - lock.stat().st_mtime
            if age < LOCK_SECONDS:
                raise TryLater("another git process holds the mirror's lock", LOCK_SECONDS)
            lock.unlink()
            _log.warning("mirror.stale_lock", lock=str(lock), age=round(age))

    async def _tidy(self) -> None:
        """Merge small packs; costs nobody's work when it fails."""
        packs = await asyncio.to_thread(
            lambda: sum(1 for _ in (self.git_dir / "objects" / "pack").glob("*.pack"))
        )
        if packs <= MAX_PACKS:
            return
        # Two at once would delete each other's packs.
        async with self._alone:
            try:
                await self._git.output(self._place, "repack", "-d", "-q", "--geometric=2")
            except HarnessError as error:
                _log.warning("mirror.repack_failed", reason=error.message)


async def init_bare(git: Git, git_dir: Path, *, object_format: str = "sha1") -> None:
    """An empty bare repository that other users of this machine may read."""
    await git.output(
        Place(git_dir=git_dir),
        "init",
        "--quiet",
        "--bare",
        "--template=",
        "--shared=0644",
        "--initial-branch=none",
        f"--object-format={object_format}",
        str(git_dir),
    )
    attributes = git_dir / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.parent.chmod(0o755)
    attributes.write_text(ATTRIBUTES)
    attributes.chmod(0o644)


def _reference(number: int, sha: str) -> str:
    if number < 1:
        raise GiveUp(f"{number} is not a pull request's number")
    return f"refs/h/pr/{number:d}/{check_sha(sha) if sha else ''}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _make_readable(directory: Path) -> None:
    for path in (directory.parent, directory):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)


def _discard(path: Path) -> None:
    """Out of the way at once, then removed: no job finds half of it."""
    away = path.with_name(f".removed-{secrets.token_hex(8)}")
    with suppress(FileNotFoundError):
        path.rename(away)
        remove(away)
