"""A GitHub of one repository, ``octo/hello``, and mirrors that fetch from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.checkout.mirror import Mirror, Mirrors
from bot.models import Repo
from tests.fakes.git_repo import BareRepo
from tests.fakes.git_server import GitServer

HELLO = Repo(owner="octo", name="hello")


@pytest.fixture
def upstream(tmp_path: Path) -> BareRepo:
    return BareRepo(tmp_path / "github" / "octo" / "hello.git")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    server = GitServer(root=tmp_path / "github")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def mirrors(tmp_path: Path, server: GitServer) -> Mirrors:
    async def token(_repo: Repo) -> str | None:
        return server.token

    return Mirrors(tmp_path / "data", github_url=server.url, token=token)


@pytest.fixture
def mirror(mirrors: Mirrors) -> Mirror:
    return mirrors.mirror(HELLO)


@pytest.fixture
def again(mirrors: Mirrors) -> Callable[[], Mirror]:
    """The same mirror as a later run sees it: nothing is remembered in memory."""
    return lambda: mirrors.mirror(HELLO)


def paths(tree: Path) -> set[str]:
    """Everything below ``tree`` that is no directory."""
    return {
        str(path.relative_to(tree))
        for path in tree.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
