"""Stores on a fresh database of either kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.store import Store, sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases of one kind."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            names = iter(range(100))
            yield lambda: sqlite_url(tmp_path / str(next(names)))
        else:
            cluster: Any = request.getfixturevalue("postgres_cluster")
            yield lambda: stack.enter_context(cluster.database())


@pytest.fixture
def store_url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def other_url(new_url: Callable[[], str], store_url: str) -> str:
    """A second one of the same kind."""
    return new_url()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(store_url)
    yield opened
    await opened.close()
