"""Checkouts of a pull request for agents to read, through the real mirror."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.checkout.mirror import Mirrors
from bot.models import Repo, Workspace
from bot.sandbox.identity import service_user
from tests.fakes.git_repo import BareRepo, Content
from tests.fakes.git_server import GitServer

REPO = Repo(owner="octo", name="hello")


@asynccontextmanager
async def checkout(
    folder: Path, files: Mapping[str, str], *, strip: bool = True
) -> AsyncIterator[Workspace]:
    """A pull request whose base holds ``files`` and whose head changes one line more."""
    upstream = BareRepo(folder / "github" / "octo" / "hello.git")
    content: dict[bytes | str, Content] = {path: text.encode() for path, text in files.items()}
    base = upstream.commit(content, branch="main")
    head = upstream.commit({"NEWS.md": b"news\n"}, base, branch="change")
    server = GitServer(root=folder / "github")
    await server.start()

    async def token(_repo: Repo) -> str | None:
        return server.token

    mirror = Mirrors(folder / "data", github_url=server.url, token=token).mirror(REPO)
    try:
        await mirror.fetch(base, head, 1)
        async with mirror.workspace(base, head, 1, strip=strip) as workspace:
            yield workspace
    finally:
        await server.stop()


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
