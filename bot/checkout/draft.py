"""What a developer did in a tree, as a commit that no work tree, hook or filter had a part in.

The developer's tree is never asked what it is a repository of: every call names the repository,
and a tree in which a ``.git`` was planted is refused before git looks at it. A commit is made in a
private index that holds the commit it goes on from, in which only the changed paths are updated;
so what the tree does not hold (`bot.checkout.listing.strip`) is neither changed nor deleted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.checkout.git import Git, Place
from bot.checkout.listing import configures_agents
from bot.checkout.remote import check_sha
from bot.errors import GitFailed, GiveUp
from bot.models import Draft, LeftOut, Workspace

MAX_PATHS = 1_000
"""A developer that changes more files has run wild, or its tools left their files about."""
MAX_FILE_BYTES = 8 * 1024 * 1024
WORKFLOWS = b".github/workflows/"

Lay = Callable[[str], Awaitable[Workspace]]
"""Makes the tree that of a commit, without what configures agents."""
Rule = Callable[[str], str]
"""Of a path that was changed: why it may not be; empty if it may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Who made the commits and when, in seconds: recorded, so that the same work has one name."""

    name: str
    email: str
    seconds: int

    def line(self) -> str:
        name, email = (
            "".join(c for c in text if c.isprintable() and c not in "<>").strip()
            for text in (self.name, self.email)
        )
        return f"{name} <{email}> {self.seconds:d} +0000"


class Drafts:
    """Commits on top of one head, made from one developer's tree."""

    def __init__(
        self,
        git: Git,
        git_dir: Path,
        room: Path,
        *,
        tree: Path,
        laid_index: Path | None,
        head_sha: str,
        signature: Signature,
        lay: Lay,
        rule: Rule = lambda _path: "",
    ) -> None:
        """``room`` is for the private index. ``laid_index``: git's own of the tree as it was laid
        out; None for a work tree that holds what its user checked out.
        """
        self._git = git
        self._lay = lay
        self._place = Place(git_dir=git_dir)
        self._tree = tree
        self._laid_index = laid_index
        self._head = check_sha(head_sha)
        self._signature = signature
        self._rule = rule
        self._drafting = room / "drafting"
        self._index = Place(git_dir=git_dir, work_tree=tree, index=self._drafting)

    async def laid(self, last: Draft | None) -> Workspace:
        """The tree as the developer finds it: with the work so far, and nothing else of it."""
        if last is None:
            return await self._lay(self._head)
        await self.restored(last)
        return await self._lay(last.sha)

    async def take(self, last: Draft | None) -> Draft | None:
        """The work since ``last`` (None: since the head) on top of it; None: there is none."""
        planted = await asyncio.to_thread(_planted, self._tree, own=self._laid_index is None)
        if planted:
            raise GiveUp(f"the developer made a repository of its own ({planted}): not looked at")
        before = last.sha if last is not None else self._head
        changed = await self._changed(before)
        kept, left = await asyncio.to_thread(self._sorted_out, changed)
        await self._git.output(self._index, "read-tree", before)
        names = b"".join(path + b"\0" for path in kept)
        await self._in_tree(
            "update-index", "-z", "--add", "--remove", "--replace", "--stdin", stdin=names
        )
        tree = await self._written()
        if tree == await self._tree_of(before):
            return None
        earlier = last.left_out if last is not None else ()
        every = {item.path: item for item in (*earlier, *left)}
        return await self._draft(tree, tuple(every.values()))

    async def restored(self, draft: Draft) -> None:
        """Make sure that the repository holds it: another machine may have made it."""
        wanted = f"{check_sha(draft.sha)}^{{tree}}"
        done = await self._git.run(self._place, "cat-file", "-e", wanted)
        if done.returncode == 0:
            return
        await self._git.output(self._index, "read-tree", self._head)
        await self._git.output(
            self._index, "apply", "--cached", "--whitespace=nowarn", "-", stdin=draft.patch
        )
        tree = await self._written()
        again = await self.commit(tree, "draft\n")
        if (tree, again) != (draft.tree, draft.sha):
            raise GitFailed("the recorded patch does not make the recorded commit again")

    async def commit(self, tree: str, message: str) -> str:
        """A commit of ``tree`` on top of the head: the same one for the same words."""
        who = self._signature.line()
        text = (
            f"tree {check_sha(tree)}\nparent {self._head}\nauthor {who}\ncommitter {who}\n\n"
            f"{message}"
        )
        made = await self._git.output(
            self._place,
            "hash-object", "-t", "commit", "-w", "--stdin",
            stdin=text.encode("utf-8", "replace"),
        )  # fmt: skip
        return check_sha(made.decode("ascii").strip())

    async def _changed(self, before: str) -> tuple[bytes, ...]:
        """Paths that differ from what was laid out, and new ones that are not ignored."""
        if self._laid_index is None:
            await self._git.output(self._index, "read-tree", before)
        else:
            await asyncio.to_thread(shutil.copyfile, self._laid_index, self._drafting)
        await self._in_tree("update-index", "-q", "--refresh", may_fail=True)
        raw = await self._in_tree("diff-files", "--name-only", "-z", "--no-renames")
        others = await self._in_tree(
            "ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"
        )
        every = dict.fromkeys(name for name in (raw + others).split(b"\0") if name)
        if len(every) > MAX_PATHS:
            raise GiveUp(f"the developer changed more than {MAX_PATHS:,} files")
        return tuple(every)

    def _sorted_out(self, changed: Iterable[bytes]) -> tuple[list[bytes], list[LeftOut]]:
        kept: list[bytes] = []
        left: list[LeftOut] = []
        for path in changed:
            name = path.decode("utf-8", "surrogateescape")
            reason = _unfit(path, self._tree) or self._rule(name)
            if reason:
                left.append(LeftOut(path=name, reason=reason))
            else:
                kept.append(path)
        return kept, left

    async def _draft(self, tree: str, left_out: tuple[LeftOut, ...]) -> Draft | None:
        arguments = ("--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", self._head)
        names = await self._git.output(
            self._place, "diff-tree", "-r", "-z", "--name-only", *arguments, tree
        )
        patch = await self._git.output(
            self._place, "diff-tree", "-p", "--binary", "--full-index", *arguments, tree
        )
        return Draft(
            sha=await self.commit(tree, "draft\n"),
            tree=tree,
            head_sha=self._head,
            patch=patch,
            paths=tuple(
                name.decode("utf-8", "surrogateescape") for name in names.split(b"\0") if name
            ),
            left_out=left_out,
        )

    async def _tree_of(self, sha: str) -> str:
        found = await self._git.output(self._place, "rev-parse", "--verify", f"{sha}^{{tree}}")
        return found.decode("ascii").strip()

    async def _written(self) -> str:
        return (await self._git.output(self._index, "write-tree")).decode("ascii").strip()

    async def _in_tree(self, *arguments: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
        """Paths are taken as relative to where git is started."""
        done = await self._git.run(self._index, *arguments, stdin=stdin, cwd=self._tree)
        if done.returncode != 0 and not may_fail:
            raise GitFailed(f"git {arguments[0]} failed: {done.stderr.strip()[-300:]}")
        return done.stdout


def workflows(path: str) -> str:
    """The rule for whoever has not said that workflows may change."""
    return "it is a workflow" if path.casefold().startswith(WORKFLOWS.decode()) else ""


def _unfit(path: bytes, tree: Path) -> str:
    """What no commit of ours holds, whoever allows it."""
    if configures_agents(path):
        return "it configures coding agents"
    parts = path.split(b"/")
    above = (b"/".join((os.fsencode(tree), *parts[:n])) for n in range(1, len(parts)))
    if any(map(os.path.islink, above)):  # bytes: pathlib takes none
        return "it lies behind a symbolic link"
    try:
        found = os.lstat(os.fsencode(tree) + b"/" + path)
    except (FileNotFoundError, NotADirectoryError):
        return ""  # deleted
    if stat.S_ISDIR(found.st_mode):
        return ""  # a file was, and files below the directory are listed for themselves
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_size > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES >> 20} MB"
    return ""


def _planted(tree: Path, *, own: bool) -> str:
    """The first path that git would take for a repository; symlinks are not followed.

    ``own``: the one at the top is the user's.
    """
    for directory, names, files in os.walk(tree):
        if own and directory == str(tree):
            names[:] = [name for name in names if name != ".git"]
            files = [name for name in files if name != ".git"]  # a linked work tree
        for name in (*names, *files):
            if name.casefold().rstrip(". ") == ".git" or name.casefold().startswith("git~"):
                return str(Path(directory, name).relative_to(tree))
    return ""
