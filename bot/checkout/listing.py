"""What a commit's tree holds, read before a file is written: limits, and what is left out. Pure.

A few small objects can describe a tree of a hundred thousand files or of three thousand levels, so
git's listing is read while it comes and refused by the first entry beyond a limit.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.errors import GitFailed, TreeRefused

MAX_ENTRIES = 50_000
MAX_TOTAL_BYTES = 1024**3
MAX_FILE_BYTES = 100 * 1024**2
"""GitHub takes no larger file."""
MAX_PATH_BYTES = 2_000
MAX_NAME_BYTES = 255
MAX_DEPTH = 100

_STRIPPED = frozenset(
    {
        b"claude.md", b"claude.local.md", b".claude", b".mcp.json",
        b"agents.md", b"agents.override.md", b".agents", b".codex",
        b"gemini.md", b".gemini", b"qwen.md", b".qwen",
        b".opencode", b"opencode.json", b"opencode.jsonc", b"context.md",
        # What is ignored here is not read: a change could hide itself from one of its reviewers.
        b".geminiignore", b".aiexclude", b".codexignore", b".claudeignore", b".ignore",
        b".rgignore",
    }
)  # fmt: skip
"""Names, in lower case, that configure a coding agent: shown to run code and to redirect keys."""
_STRIPPED_PREFIX = b".env"
_STRIPPED_AT_ROOT = frozenset({b"tsconfig.json", b"jsconfig.json", b"bunfig.toml"})
"""Where one agent's runtime starts, these say which files it loads as its own modules: shown to run
code. The diff still shows what changes in them."""


FILE, LINK, DIRECTORY = b"file", b"link", b"directory"
_KINDS = {b"120000": LINK, b"160000": DIRECTORY}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of ``git ls-tree``. ``size`` is 0 for what is no blob."""

    mode: bytes
    kind: bytes
    sha: str
    size: int
    path: bytes


class Listing:
    """Collects a listing piece by piece; `add` refuses what goes beyond a limit."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._rest = b""
        self._counts = {b"tree": 0, b"other": 0}
        self._bytes = 0

    def add(self, chunk: bytes) -> None:
        *records, self._rest = (self._rest + chunk).split(b"\0")
        for record in records:
            entry = _entry(record)
            self._check(entry)
            self.entries.append(entry)

    def _check(self, entry: Entry) -> None:
        kind = b"tree" if entry.kind == b"tree" else b"other"
        self._counts[kind] += 1
        self._bytes += entry.size
        if self._counts[kind] > MAX_ENTRIES:
            raise TreeRefused(f"the tree has more than {MAX_ENTRIES:,} files")
        if entry.size > MAX_FILE_BYTES:
            raise TreeRefused(f"a file of the tree is larger than {MAX_FILE_BYTES >> 20} MB")
        if self._bytes > MAX_TOTAL_BYTES:
            raise TreeRefused(f"the tree is larger than {MAX_TOTAL_BYTES >> 20} MB")
        if len(entry.path) > MAX_PATH_BYTES:
            raise TreeRefused(f"a path of the tree is longer than {MAX_PATH_BYTES:,} bytes")
        if entry.path.count(b"/") >= MAX_DEPTH:
            raise TreeRefused(f"the tree is deeper than {MAX_DEPTH} levels")
        if len(entry.path) - entry.path.rfind(b"/") - 1 > MAX_NAME_BYTES:
            raise TreeRefused(f"a name in the tree is longer than {MAX_NAME_BYTES} bytes")


def _entry(record: bytes) -> Entry:
    """``<mode> <kind> <sha> <size, padded, or ->TAB<path>``."""
    head, _, path = record.partition(b"\t")
    mode, kind, sha, size = head.split()
    if size == b"BAD":
        raise GitFailed("the repository lacks files of this tree")
    return Entry(
        mode=mode,
        kind=kind,
        sha=sha.decode("ascii"),
        size=0 if size == b"-" else int(size),
        path=path,
    )


def configures_agents(path: bytes) -> bool:
    """Whether a name anywhere in ``path`` belongs to a coding agent's configuration."""
    names = path.lower().split(b"/")
    return names[0] in _STRIPPED_AT_ROOT or any(
        name in _STRIPPED or name.startswith(_STRIPPED_PREFIX) for name in names
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stripped:
    """``entries`` without what configures agents; ``tree`` is the id of that tree.

    ``batch`` is what ``git mktree -z --batch --missing`` must be told to write the tree objects
    that the repository may not have, and ``ids`` what it must answer. When nothing is left out,
    all three are empty.
    """

    entries: tuple[Entry, ...]
    tree: str = ""
    batch: bytes = b""
    ids: tuple[str, ...] = ()


def strip(entries: Iterable[Entry]) -> Stripped:
    """The result is a tree like any other: git checks it out, and moves a tree on to it."""
    every = tuple(entries)
    kept = tuple(entry for entry in every if not configures_agents(entry.path))
    if len(kept) == len(every):
        return Stripped(entries=kept)
    altered = {b""}
    for entry in every:
        if configures_agents(entry.path):
            altered.update(_ancestors(entry.path))
    children: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in kept:
        if (parent := _parent(entry.path)) in altered:
            children[parent].append(entry)
    algorithm = "sha1" if len(every[0].sha) == 40 else "sha256"
    new: dict[bytes, str] = {}
    batch: list[bytes] = []
    # Deepest first: a tree's id is needed in its parent. A directory that is empty now is gone.
    for directory in sorted(altered & _directories(kept), key=_depth, reverse=True):
        members = _members(children[directory], altered, new)
        if members or not directory:
            digest = hashlib.new(algorithm, _object(members), usedforsecurity=False)
            new[directory] = digest.hexdigest()
            batch.append(_instructions(members))
    return Stripped(entries=kept, tree=new[b""], batch=b"".join(batch), ids=tuple(new.values()))


def _members(
    children: Iterable[Entry], altered: set[bytes], new: dict[bytes, str]
) -> list[tuple[bytes, bytes, str, bytes]]:
    """(mode, kind, id, name) of a directory, with the new ids of directories in it."""
    members = []
    for entry in children:
        sha = entry.sha
        if entry.kind == b"tree" and entry.path in altered:
            if entry.path not in new:
                continue
            sha = new[entry.path]
        members.append((entry.mode, entry.kind, sha, entry.path.rpartition(b"/")[2]))
    # git's order: a directory sorts as if its name ended in a slash.
    return sorted(members, key=lambda member: member[3] + b"/" * (member[1] == b"tree"))


def _object(members: Sequence[tuple[bytes, bytes, str, bytes]]) -> bytes:
    """A tree as git stores and hashes it."""
    content = b"".join(
        b"%s %s\0%s" % (mode.lstrip(b"0"), name, bytes.fromhex(sha))
        for mode, _kind, sha, name in members
    )
    return b"tree %d\0%s" % (len(content), content)


def _instructions(members: Sequence[tuple[bytes, bytes, str, bytes]]) -> bytes:
    lines = (
        b"%s %s %s\t%s\0" % (mode, kind, sha.encode("ascii"), name)
        for mode, kind, sha, name in members
    )
    return b"".join(lines) + b"\0"


def _directories(entries: Iterable[Entry]) -> set[bytes]:
    return {b"", *(entry.path for entry in entries if entry.kind == b"tree")}


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


def _ancestors(path: bytes) -> Iterator[bytes]:
    while path:
        path = _parent(path)
        yield path


def _depth(directory: bytes) -> int:
    return directory.count(b"/") + bool(directory)


def shape(entries: Iterable[Entry]) -> dict[bytes, bytes]:
    """What lies in a checked-out tree: path -> kind (directory, link or file).

    A submodule is an empty directory; a directory without files does not exist.
    """
    found: dict[bytes, bytes] = {}
    for entry in entries:
        if entry.kind == b"tree":
            continue
        found[entry.path] = _KINDS.get(entry.mode, FILE)
        parent = _parent(entry.path)
        while parent and parent not in found:
            found[parent] = DIRECTORY
            parent = _parent(parent)
    return found
