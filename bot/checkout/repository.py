"""A bare repository that is read: merge base, diff, single files, work trees for runs.

Diffs are made between commits in the bare repository. There no ``.gitattributes`` of a head
applies, so none can hide code; ``info/attributes`` of the repository itself says so once more and
also keeps work trees as they were committed. Binary is what has a NUL in its first 8000 bytes, and
what is larger than `MAX_DIFFED_BYTES`: such a file is in the diff without lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.checkout.commits import MAX_COMMITS, blamed_lines, commit_notes
from bot.checkout.diff import parse_diff, split_output
from bot.checkout.draft import Drafts, Rule, Signature
from bot.checkout.git import Git, Place, failure
from bot.checkout.listing import Listing
from bot.checkout.remote import check_sha
from bot.checkout.tree import Slot, list_tree, write_tree
from bot.errors import GiveUp, HeadGone, NoCommonHistory, TreeRefused
from bot.models import Diff, Workspace
from bot.models.context import CommitNote
from bot.process import Completed, OutputTooLarge

MAX_DIFFED_BYTES = 8 * 1024 * 1024
MAX_DIFF_BYTES = 64 * 1024 * 1024
"""For a whole change. Files of this size are not reviewed line by line by anybody."""
MAX_SHOWN_BYTES = 8 * 1024 * 1024
RENAME_LIMIT = 500

ATTRIBUTES = "* -text !diff !filter !eol !ident !working-tree-encoding !export-subst\n"
"""Outranks every ``.gitattributes``: diffs show what is there, files hold what was committed."""

_DIFF = (
    "diff", "--raw", "-z", "--patch", "--no-abbrev", "--full-index", "--no-color", "--no-ext-diff",
    "--no-textconv", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3",
    "--inter-hunk-context=0", "--submodule=short", "--ignore-submodules=none",
    "--diff-algorithm=default", "--find-renames", "--find-copies", f"-l{RENAME_LIMIT}",
)  # fmt: skip
_DIFF_SETTINGS = {
    "core.bigFileThreshold": str(MAX_DIFFED_BYTES),
    "diff.suppressBlankEmpty": "false",
}
_MISSING = ("bad object", "Not a valid", "not a valid", "bad revision", "not a tree object")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """The newest diff, kept because a run needs it twice: as records and as a file."""

    base_sha: str
    head_sha: str
    merge_base: str
    output: bytes


class Repository:
    """Reads ``git_dir``. ``shown_dir`` is what agents are given in its place."""

    def __init__(self, git: Git, git_dir: Path, *, shown_dir: Path | None = None) -> None:
        self._git = git
        self._place = Place(git_dir=git_dir)
        self._shown_dir = shown_dir or git_dir
        self._change: _Change | None = None
        self._listing: tuple[str, Listing] | None = None

    @property
    def git_dir(self) -> Path:
        return self._place.git_dir

    async def merge_base(self, base_sha: str, head_sha: str) -> str:
        """The best common ancestor; where there are several, the one that git names first."""
        arguments = ("merge-base", check_sha(base_sha), check_sha(head_sha))
        done = await self._git.run(self._place, *arguments)
        if done.returncode == 1 and not done.stderr.strip():
            raise NoCommonHistory(self._no_common_history())
        return self._checked("merge-base", done).decode("ascii").split()[0]

    async def diff(self, base_sha: str, head_sha: str) -> Diff:
        """``merge base...head``; a head that is a bomb is refused before git compares it."""
        change = await self._changed(base_sha, head_sha)
        files = await asyncio.to_thread(parse_diff, change.output)
        return Diff(base_sha=change.merge_base, head_sha=head_sha, files=files)

    async def diff_between(self, old_sha: str, new_sha: str) -> Diff:
        """From one commit to another, for following lines. HeadGone when one is not here."""
        output = await self._diff_output(check_sha(old_sha), check_sha(new_sha))
        files = await asyncio.to_thread(parse_diff, output)
        return Diff(base_sha=old_sha, head_sha=new_sha, files=files)

    async def show(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit. None: not there, a symlink, a directory, or above 8 MB."""
        if "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
            return None
        arguments = ("ls-tree", "-l", "-z", "--full-tree", check_sha(sha), "--", path)
        done = await self._git.run(self._place, *arguments)
        listing = Listing()
        try:
            listing.add(self._checked("ls-tree", done))
        except TreeRefused:
            return None
        wanted = path.encode("utf-8", "surrogateescape")
        for entry in listing.entries:
            regular = entry.kind == b"blob" and entry.mode.startswith(b"100")
            if entry.path == wanted and regular and entry.size <= MAX_SHOWN_BYTES:
                return await self._git.output(self._place, "cat-file", "blob", entry.sha)
        return None

    async def files_named(self, sha: str, names: Sequence[str]) -> tuple[str, ...]:
        """Paths of a commit whose last part is one of ``names``, or which are one of them."""
        arguments = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", check_sha(sha))
        done = await self._git.run(self._place, *arguments)
        paths = self._checked("ls-tree", done).decode("utf-8", "surrogateescape").split("\0")
        return tuple(p for p in paths if p in names or p.rpartition("/")[2] in names)

    async def blamed(
        self, base_sha: str, head_sha: str, paths: Sequence[str]
    ) -> dict[str, list[tuple[int, str]]]:
        """(line of the head, commit) of the lines that commits since the base wrote, by path."""
        span = f"{check_sha(base_sha)}..{check_sha(head_sha)}"
        found: dict[str, list[tuple[int, str]]] = {}
        for path in paths:
            done = await self._git.run(self._place, "blame", "--incremental", span, "--", path)
            if done.returncode == 0:
                found[path] = blamed_lines(done.stdout)
        return found

    async def blobs(self, sha: str, paths: Sequence[str]) -> dict[str, str]:
        """Git's ids of the regular files among ``paths``, as a commit has them."""
        usable = [p for p in paths if "\0" not in p and {"", ".", ".."}.isdisjoint(p.split("/"))]
        if not usable:
            return {}
        arguments = ("ls-tree", "-z", "--full-tree", check_sha(sha), "--", *usable)
        done = await self._git.run(self._place, *arguments)
        rows = self._checked("ls-tree", done).decode("utf-8", "surrogateescape").split("\0")
        found = (row.partition("\t") for row in rows if row)
        return {path: head.split()[2] for head, _tab, path in found if head.startswith("100")}

    async def commits(
        self, base_sha: str, head_sha: str, *, most: int = MAX_COMMITS
    ) -> tuple[CommitNote, ...]:
        """What is in the head and not in the base, the oldest first: the newest ``most`` of it."""
        span = (check_sha(head_sha), f"^{check_sha(base_sha)}")
        arguments = ("rev-list", "--topo-order", f"--max-count={most}", *span, "--")
        done = await self._git.run(self._place, *arguments)
        shas = self._checked("rev-list", done).decode("ascii").split()[::-1]
        if not shas:
            return ()
        wanted = "".join(f"{sha}\n" for sha in shas).encode("ascii")
        objects = await self._git.output(self._place, "cat-file", "--batch", stdin=wanted)
        changed = await self._git.output(
            self._place, "diff-tree", "--stdin", "--root", "-r", "-z", "--raw", stdin=wanted
        )
        return commit_notes(objects, changed)

    def _drafts(
        self, slot: Slot, base_sha: str, head_sha: str, signature: Signature, rule: Rule
    ) -> Drafts:
        async def lay(sha: str) -> Workspace:
            return await self._furnished(slot, base_sha, sha, strip=True)

        return Drafts(
            self._git,
            self.git_dir,
            slot.directory,
            tree=slot.tree,
            laid_index=slot.index,
            head_sha=head_sha,
            signature=signature,
            lay=lay,
            rule=rule,
        )

    async def _furnished(
        self, slot: Slot, base_sha: str, head_sha: str, *, strip: bool
    ) -> Workspace:
        change = await self._changed(base_sha, head_sha)
        tree = await self._written(slot, head_sha, strip=strip)
        await asyncio.to_thread(_write_diff, slot.diff_file, change.output)
        # A run may last for long; what it reads from now on lies on disk.
        self._change = self._listing = None
        return Workspace(tree=tree, git_dir=self._shown_dir, diff_file=slot.diff_file)

    async def _written(self, slot: Slot, head_sha: str, *, strip: bool) -> Path:
        listing = await self._listed(head_sha)
        await write_tree(self._git, self.git_dir, slot, head_sha, listing, stripped=strip)
        return slot.tree

    async def _listed(self, head_sha: str) -> Listing:
        if self._listing is None or self._listing[0] != head_sha:
            listing = await list_tree(self._git, self.git_dir, check_sha(head_sha))
            self._listing = (head_sha, listing)
        return self._listing[1]

    async def _changed(self, base_sha: str, head_sha: str) -> _Change:
        known = self._change
        if known is not None and (known.base_sha, known.head_sha) == (base_sha, head_sha):
            return known
        merge_base = await self.merge_base(base_sha, head_sha)
        await self._listed(head_sha)
        change = _Change(
            base_sha=base_sha,
            head_sha=head_sha,
            merge_base=merge_base,
            output=await self._diff_output(merge_base, head_sha),
        )
        self._change = change
        return change

    async def _diff_output(self, old_sha: str, new_sha: str) -> bytes:
        arguments = (*_DIFF, "--end-of-options", old_sha, new_sha, "--")
        try:
            done = await self._git.run(
                self._place, *arguments, settings=_DIFF_SETTINGS, max_output=MAX_DIFF_BYTES
            )
        except OutputTooLarge:
            raise TreeRefused(f"the diff has more than {MAX_DIFF_BYTES:_} bytes") from None
        return self._checked("diff", done)

    def _checked(self, name: str, done: Completed) -> bytes:
        if done.returncode == 0:
            return done.stdout
        raise self._failure(name, done)

    def _failure(self, name: str, done: Completed) -> GiveUp:
        if any(words in done.stderr for words in _MISSING):
            return HeadGone("a commit of this change is not in the repository any more")
        return failure(name, done, self._place)

    def _no_common_history(self) -> str:
        return "base and head have no common history: there is no diff to review"


def _write_diff(path: Path, output: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(split_output(output)[1])
    path.chmod(0o444)
