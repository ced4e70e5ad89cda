"""Bare repositories of the embedded GitHub: commits, branches, forks, diffs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.errors import HarnessError
from bot.process import Command, ProcessNotStarted, run

Content = str | bytes | None | tuple[str, bytes]
"""A file's new content; None deletes it; a pair gives the mode too: ``120000`` is a symlink, the
content of a submodule is the commit's id."""
SUBMODULE = "160000"

CONFIG = """\
[safe]
\tdirectory = *
[core]
\thooksPath = /dev/null
\tquotePath = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tautogc = false
\thideRefs = refs/pull
[transfer]
\thideRefs = refs/network
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
[protocol]
\tallow = never
[protocol "file"]
\tallow = always
"""
"""As at GitHub: any commit of the network can be fetched by SHA, pull refs are read-only, and the
commits of forks are in the base repository without a ref that anybody sees."""


class GitRefused(HarnessError):
    """git said no; the message is the last line of what it said."""


class Git:
    """Runs git with a complete environment and a configuration of its own."""

    def __init__(self, root: Path) -> None:
        self._config = root / "gitconfig"
        self._config.write_text(CONFIG)
        self._root = root
        self.program = shutil.which("git") or "git"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self._root),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self._config),
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            **(extra or {}),
        }

    async def bytes(
        self,
        repo: Path,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        command = Command(
            argv=(self.program, f"--git-dir={repo}", *arguments),
            env=self.environment(environment),
            stdin=stdin,
        )
        done = await run(command, timeout=seconds, max_output=256 * 1024 * 1024)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
            raise GitRefused(f"git {arguments[0]}: {said[-1]}")
        return done.stdout

    async def text(self, repo: Path, *arguments: str) -> str:
        return (await self.bytes(repo, *arguments)).decode("utf-8", "replace").strip()

    async def find(self, path: Path) -> Path | None:
        """The git folder of the repository that holds ``path``."""
        command = Command(
            argv=(self.program, "rev-parse", "--absolute-git-dir"),
            env=self.environment(),
            cwd=path,
        )
        try:
            done = await run(command, timeout=30)
        except ProcessNotStarted:
            return None
        return Path(os.fsdecode(done.stdout).rstrip("\n")) if done.returncode == 0 else None

    async def init(self, repo: Path, default_branch: str) -> None:
        repo.parent.mkdir(parents=True, exist_ok=True)
        await self.bytes(repo, "init", "--quiet", "--bare", f"--initial-branch={default_branch}")

    async def fork(self, parent: Path, repo: Path, default_branch: str) -> None:
        """A repository that shares its parent's objects, with the same branches."""
        await self.init(repo, default_branch)
        (repo / "objects" / "info" / "alternates").write_text(f"{parent / 'objects'}\n")
        await self.fetch(repo, str(parent), "+refs/heads/*:refs/heads/*")

    async def fetch(self, repo: Path, source: str, *refspecs: str) -> None:
        await self.bytes(
            repo, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow",
            "--no-recurse-submodules", "--end-of-options", source, *refspecs, seconds=600,
        )  # fmt: skip

    async def sha(self, repo: Path, name: str) -> str | None:
        """The commit that a ref or SHA names, if it exists."""
        try:
            return await self.text(
                repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
        except GitRefused:
            return None

    async def branches(self, repo: Path) -> dict[str, str]:
        lines = await self.text(
            repo, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"
        )
        pairs = (line.split(" ", 1) for line in lines.splitlines())
        return {ref.removeprefix("refs/heads/"): sha for sha, ref in pairs}

    async def set_ref(self, repo: Path, ref: str, sha: str | None) -> None:
        if sha is None:
            await self.bytes(repo, "update-ref", "-d", ref)
        else:
            await self.bytes(repo, "update-ref", ref, sha)

    async def contains(self, repo: Path, ancestor: str, commit: str) -> bool:
        try:
            await self.bytes(repo, "merge-base", "--is-ancestor", ancestor, commit)
        except GitRefused:
            return False
        return True

    async def merge_base(self, repo: Path, base: str, head: str) -> str | None:
        try:
            return await self.text(repo, "merge-base", base, head)
        except GitRefused:
            return None

    async def commit(
        self,
        repo: Path,
        branch: str,
        files: Mapping[str, Content],
        *,
        message: str,
        author: str,
        when: datetime,
        parent: str | None,
    ) -> str:
        """Put a commit on ``branch``: the parent's files with ``files`` changed."""
        stream = commit_stream(
            branch, files, message=message, author=author, when=when, parent=parent
        )
        await self.bytes(repo, "fast-import", "--quiet", "--force", stdin=stream)
        return await self.text(repo, "rev-parse", f"refs/heads/{branch}")

    async def commit_tree(
        self, repo: Path, tree: str, parents: tuple[str, ...], message: str, when: datetime
    ) -> str:
        stamp = f"{int(when.timestamp())} +0000"
        person = {"NAME": "GitHub", "EMAIL": "noreply@example.com", "DATE": stamp}
        environment = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in person.items()
        }
        given = [word for parent in parents for word in ("-p", parent)]
        made = await self.bytes(
            repo, "commit-tree", tree, *given, "-m", message, environment=environment
        )
        return made.decode().strip()


def commit_stream(
    branch: str,
    files: Mapping[str, Content],
    *,
    message: str,
    author: str,
    when: datetime,
    parent: str | None,
) -> bytes:
    """One commit in git's fast-import language."""
    stamp = f"{int(when.timestamp())} +0000"
    person = f"{author} <{author}@users.noreply.example.com> {stamp}".encode()
    text = message.encode()
    parts = [
        f"commit refs/heads/{branch}\n".encode(),
        b"author " + person + b"\ncommitter " + person + b"\n",
        b"data %d\n" % len(text) + text + b"\n",
    ]
    if parent is not None:
        parts.append(f"from {parent}\n".encode())
    parts += [_change(path, content) for path, content in files.items()]
    return b"".join(parts)


def _change(path: str, content: Content) -> bytes:
    name = _quoted(path)
    if content is None:
        return b"D " + name + b"\n"
    mode, data = content if isinstance(content, tuple) else ("100644", content)
    raw = data.encode() if isinstance(data, str) else data
    if mode == SUBMODULE:
        return f"M {mode} ".encode() + raw + b" " + name + b"\n"
    return f"M {mode} inline ".encode() + name + b"\ndata %d\n" % len(raw) + raw + b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    raw = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + raw + b'"'
