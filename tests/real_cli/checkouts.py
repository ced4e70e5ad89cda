"""Checkouts of a pull request for agents to read, through the real mirror."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.checkout.mirror import Mirrors
from bot.models import Change, Repo, Workspace
from bot.sandbox.identity import service_user
from tests.fakes.git_repo import BareRepo, Content
from tests.fakes.git_server import GitServer

REPO = Repo(owner="octo", name="hello")


@asynccontextmanager
async def pull_request(
    folder: Path, base: Mapping[str, str], head: Mapping[str, str], *, strip: bool = True
) -> AsyncIterator[Change]:
    """A base that holds all of ``base``, and a head that changes what is in ``head``."""
    upstream = BareRepo(folder / "github" / "octo" / "hello.git")
    base_sha = upstream.commit(_content(base), branch="main")
    head_sha = upstream.commit(_content(head), base_sha, branch="change")
    server = GitServer(root=folder / "github")
    await server.start()

    async def token(_repo: Repo) -> str | None:
        return server.token

    mirror = Mirrors(folder / "data", github_url=server.url, token=token).mirror(REPO)
    try:
        await mirror.fetch(base_sha, head_sha, 1)
        async with mirror.workspace(base_sha, head_sha, 1, strip=strip) as workspace:
            yield Change(
                diff=await mirror.diff(base_sha, head_sha),
                workspace=workspace,
                head_sha=head_sha,
                base_sha=base_sha,
                base_ref="main",
            )
    finally:
        await server.stop()


@asynccontextmanager
async def checkout(
    folder: Path, files: Mapping[str, str], *, strip: bool = True
) -> AsyncIterator[Workspace]:
    """The tree of a pull request that adds one file to ``files``."""
    async with pull_request(folder, files, {"NEWS.md": "news\n"}, strip=strip) as change:
        yield change.workspace


def _content(files: Mapping[str, str]) -> dict[bytes | str, Content]:
    return {path: text.encode() for path, text in files.items()}


def give_to_service_user(tree: Path) -> None:
    """So that what runs there may write; as ourselves we may anyway."""
    user = service_user()
    if user is None:
        return
    for path in (tree, *tree.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def snapshot(tree: Path) -> dict[str, bytes]:
    """Every file of the tree and what is in it."""
    return {
        str(path.relative_to(tree)): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
