"""A user's own repository, for ``harness review``: read, never written, nothing fetched.

Diffs and trees are made in an empty bare repository in a temporary directory that borrows the
user's objects. So none of the user's configuration, attributes, filters and hooks takes part, and
no call of git has a reason to write where the user works.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from typing_extensions import override

from bot.checkout.draft import Drafts, Rule, Signature
from bot.checkout.git import Git, Place
from bot.checkout.listing import Listing
from bot.checkout.mirror import init_bare
from bot.checkout.records import Records
from bot.checkout.remote import check_sha
from bot.checkout.repository import Repository
from bot.checkout.tree import Slot
from bot.errors import ConfigurationError, GitFailed, GiveUp
from bot.models import Workspace
from bot.process import Completed, Ledger, ProcessNotStarted

BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where a change is thought to go when nobody says so; the first that exists."""

_INCOMPLETE = (
    "this clone does not hold the whole history (it is shallow or partial);"
    " run `git fetch --unshallow` or `git fetch --refetch` and try again"
)


class LocalRepo(Repository):
    """Made by `open`. Everything it writes is below ``scratch``, which the caller removes."""

    def __init__(
        self, git: Git, git_dir: Path, *, own_dir: Path, common_dir: Path, complete: bool
    ) -> None:
        super().__init__(git, git_dir, shown_dir=common_dir)
        self._own = Place(git_dir=own_dir)
        self._complete = complete
        self._scratch = git_dir.parent
        self._numbers = count()

    @classmethod
    async def open(cls, path: Path, *, scratch: Path, ledger: Ledger | None = None) -> LocalRepo:
        """Find the repository that ``path`` is in; also in a linked work tree, also a bare one."""
        git = Git(ledger=ledger)
        own_dir = Path(await _rev_parse(git, path, "--absolute-git-dir"))
        common_dir = Path(await _rev_parse(git, path, "--path-format=absolute", "--git-common-dir"))
        object_format = await _rev_parse(git, path, "--show-object-format")
        view = scratch / "repository.git"
        await init_bare(git, view, object_format=object_format)
        (view / "objects" / "info").mkdir(exist_ok=True)
        alternates = view / "objects" / "info" / "alternates"
        alternates.write_text(_quoted(common_dir / "objects") + "\n", "utf-8", "surrogateescape")
        shallow = common_dir / "shallow"
        if shallow.is_file():
            shutil.copyfile(shallow, view / "shallow")
        partial = any((common_dir / "objects" / "pack").glob("*.promisor"))
        return cls(
            git,
            view,
            own_dir=own_dir,
            common_dir=common_dir,
            complete=not partial and not shallow.is_file(),
        )

    async def head_sha(self) -> str:
        """The commit that is checked out."""
        sha = await self.resolve("HEAD")
        if sha is None:
            raise ConfigurationError("the repository has no commit yet: there is nothing to review")
        return sha

    async def base_name(self) -> str:
        """The first of `BASES` that exists."""
        for name in BASES:
            if await self.resolve(name) is not None:
                return name
        raise ConfigurationError(
            f"nothing to compare with: there is none of {', '.join(BASES)}; name one with --base"
        )

    async def base_sha(self, base: str | None = None) -> str:
        """The commit of ``base``, by default of `base_name`."""
        name = base if base is not None else await self.base_name()
        sha = await self.resolve(name)
        if sha is None:
            raise ConfigurationError(f"{name!r} is not a commit of this repository")
        return sha

    async def resolve(self, ref: str) -> str | None:
        """The commit that a name stands for in the user's repository."""
        if not ref or "\0" in ref:
            return None
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        done = await self._git.run(self._own, *arguments)
        return done.stdout.decode("ascii").strip() if done.returncode == 0 else None

    async def workspace(self, base_sha: str, head_sha: str, *, strip: bool = True) -> Workspace:
        """Stays until ``scratch`` is removed."""
        return await self._furnished(self._slot(), base_sha, head_sha, strip=strip)

    def drafting(self, base_sha: str, head_sha: str, *, signature: Signature, rule: Rule) -> Drafts:
        """A tree for a developer, below ``scratch``, and the commits that come of it."""
        return self._drafts(self._slot(), base_sha, head_sha, signature, rule)

    def drafting_in(self, tree: Path, head_sha: str, *, signature: Signature) -> Drafts:
        """What somebody does in the user's own work tree: it is read, and never laid out anew."""
        room = self._slot()

        async def lay(_sha: str) -> Workspace:
            return Workspace(tree=tree, git_dir=self._shown_dir, diff_file=room.diff_file)

        return Drafts(
            self._git,
            self.git_dir,
            room.directory,
            tree=tree.absolute(),
            laid_index=None,
            head_sha=head_sha,
            signature=signature,
            lay=lay,
        )

    def records(self) -> Records:
        """What the user's own clone has of them; nothing is fetched."""
        return Records(self._git, self._own.git_dir)

    async def tree(self, sha: str, *, strip: bool = True) -> Path:
        """A tree of its own, which stays until ``scratch`` is removed."""
        return await self._written(self._slot(), sha, strip=strip)

    async def write_branch(self, name: str, sha: str, *, onto: str) -> None:
        """A new branch of the user's, at a commit on top of ``onto``: objects, then the name."""
        reference = f"refs/heads/{name}"
        done = await self._git.run(self._own, "check-ref-format", reference)
        if "\0" in name or done.returncode != 0:
            raise ConfigurationError(f"{name!r} is not a name for a branch")
        wanted = f"{check_sha(sha)}\n^{check_sha(onto)}\n".encode()
        pack = await self._git.output(
            self._place, "pack-objects", "--quiet", "--revs", "--stdout", stdin=wanted
        )
        await self._git.output(self._own, "unpack-objects", "-q", stdin=pack)
        await self._git.output(self._own, "update-ref", reference, sha, "0" * len(sha))

    def _slot(self) -> Slot:
        slot = Slot(directory=self._scratch / f"run-{next(self._numbers)}")
        slot.directory.mkdir()
        slot.directory.chmod(0o755)
        return slot

    @override
    async def _listed(self, head_sha: str) -> Listing:
        try:
            return await super()._listed(head_sha)
        except GitFailed as error:
            raise (error if self._complete else GiveUp(_INCOMPLETE)) from error

    @override
    def _failure(self, name: str, done: Completed) -> GiveUp:
        if not self._complete:
            return GiveUp(_INCOMPLETE)
        return super()._failure(name, done)

    @override
    def _no_common_history(self) -> str:
        said = super()._no_common_history()
        return said if self._complete else f"{said}; {_INCOMPLETE}"


async def versioned(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the files that the repository around ``folder`` (if there is one) holds."""
    done = await Git().run(None, "ls-files", "-z", "--", *names, cwd=folder)
    found = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return tuple(name for name in names if name in found)


async def _rev_parse(git: Git, path: Path, *arguments: str) -> str:
    try:
        done = await git.run(None, "rev-parse", *arguments, cwd=path)
    except ProcessNotStarted as error:
        raise ConfigurationError(f"{path} is not a directory that can be read") from error
    if done.returncode != 0:
        raise ConfigurationError(f"{path} is not inside a git repository")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def _quoted(path: Path) -> str:
    """A path in git's own quoting, in which a newline is no end of line."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
