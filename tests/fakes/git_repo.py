"""Builds real repositories for tests: any bytes as names, any mode, any shape of history."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

Content = bytes | tuple[str, bytes] | None
"""A file's content; with its mode (``120000`` a symlink, ``160000`` a submodule's commit id); None
deletes it."""

ENV = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run git in ``directory``; any failure is the test's failure."""
    done = subprocess.run(
        ["git", *arguments], cwd=directory, input=stdin, env=ENV, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class BareRepo:
    """A bare repository in which commits are made from what they change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        git(path, "init", "-q", "--bare", "--initial-branch=main", ".")
        self._count = 0

    def commit(
        self,
        changes: Mapping[bytes | str, Content],
        *parents: str,
        branch: str | None = None,
        message: str = "change",
    ) -> str:
        """A commit on top of the first of ``parents``; the others are merged."""
        self._count += 1
        reference = f"refs/made/{self._count}"
        lines = [
            b"commit %s\n" % reference.encode(),
            b"committer a <a@example.com> %d +0000\n" % (1_700_000_000 + 60 * self._count),
            b"data %d\n%s\n" % (len(message.encode()), message.encode()),
        ]
        lines += [
            b"%s %s\n" % (b"merge" if number else b"from", sha.encode())
            for number, sha in enumerate(parents)
        ]
        for name, content in changes.items():
            lines += _change(name.encode() if isinstance(name, str) else name, content)
        git(self.path, "fast-import", "--quiet", "--force", stdin=b"".join(lines) + b"\n")
        sha = git(self.path, "rev-parse", reference).decode().strip()
        git(self.path, "update-ref", "-d", reference)
        if branch is not None:
            self.move(branch, sha)
        return sha

    def commit_tree(self, tree: str, *parents: str) -> str:
        arguments = [word for parent in parents for word in ("-p", parent)]
        return git(self.path, "commit-tree", "-m", "tree", *arguments, tree).decode().strip()

    def tree(self, entries: Sequence[tuple[str, bytes, str]]) -> str:
        """Write a tree object as it is given: (mode, name, id), in this order, unchecked."""
        content = b"".join(
            b"%s %s\0%s" % (mode.encode(), name, bytes.fromhex(sha)) for mode, name, sha in entries
        )
        command = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
        return git(self.path, *command, stdin=content).decode().strip()

    def blob(self, content: bytes) -> str:
        return git(self.path, "hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def move(self, branch: str, sha: str) -> None:
        git(self.path, "update-ref", f"refs/heads/{branch}", sha)

    def branch(self, branch: str) -> str:
        return git(self.path, "rev-parse", f"refs/heads/{branch}").decode().strip()

    def delete(self, branch: str) -> None:
        git(self.path, "update-ref", "-d", f"refs/heads/{branch}")


def _change(name: bytes, content: Content) -> list[bytes]:
    path = b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'
    if content is None:
        return [b"D %s\n" % path]
    mode, data = content if isinstance(content, tuple) else ("100644", content)
    if mode == "160000":
        return [b"M 160000 %s %s\n" % (data, path)]
    return [b"M %s inline %s\n" % (mode.encode(), path), b"data %d\n%s\n" % (len(data), data)]
