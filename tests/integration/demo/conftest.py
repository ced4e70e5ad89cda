"""An embedded GitHub for each test, and an App that talks to it as GitHub's Apps do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.credentials import AppCredentials, new_credentials
from bot.demo.state import Pull, Repository
from tests.fakes.embedded import Witness

ALL = {"checks": "write", "contents": "write", "issues": "write", "pull_requests": "write"}
BASE = {
    "app.py": "".join(f"line {number}\n" for number in range(1, 41)),
    "old.py": "one\ntwo\nthree\nfour\nfive\n",
    "gone.py": "left\n",
}
CHANGE = {
    "app.py": "".join(
        f"changed {number}\n" if number in (5, 30) else f"line {number}\n"
        for number in range(1, 41)
    ),
    "old.py": None,
    "new.py": "one\ntwo\nthree\nfour\nfive\nsix\n",
    "gone.py": None,
    "fresh.py": "first\nsecond\n",
}


@pytest.fixture(scope="session")
def credentials() -> AppCredentials:
    """Making an RSA key takes longer than most tests."""
    return new_credentials("harness")


@pytest.fixture
def witness() -> Witness:
    return Witness(lenient=True)


@pytest.fixture
async def github(
    tmp_path: Path, credentials: AppCredentials, witness: Witness
) -> AsyncIterator[EmbeddedGitHub]:
    """Whatever a test asks, every answer is one that GitHub could give."""
    async with EmbeddedGitHub(
        tmp_path / "github", credentials=credentials, observer=witness
    ) as running:
        yield running
    witness.check()


@dataclass
class App:
    """Speaks REST with an installation's token."""

    github: EmbeddedGitHub
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    def proof(self, **claims: Any) -> dict[str, str]:
        """The header of the App itself."""
        now = int(self.github.clock.now().timestamp())
        payload = {"iat": now - 10, "exp": now + 300, "iss": str(self.github.app_id), **claims}
        made = jwt.encode(payload, self.github.private_key, "RS256")
        return {"Authorization": f"Bearer {made}"}

    async def token(self, repo: Repository, permissions: dict[str, str] | None = None) -> str:
        answer = await self.http.post(
            f"/app/installations/{repo.installation_id}/access_tokens",
            headers=self.proof(),
            json={"repositories": [repo.name], "permissions": permissions or ALL},
        )
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        repo: Repository,
        permissions: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """``path`` is below the repository."""
        token = await self.token(repo, permissions)
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return await self.http.request(
            method, f"/repos/{repo.full_name}{path}", json=body, headers=headers, **more
        )


@pytest.fixture
async def app(github: EmbeddedGitHub) -> AsyncIterator[App]:
    async with httpx.AsyncClient(base_url=github.api_url, trust_env=False) as http:
        yield App(github, http)


@pytest.fixture
async def repo(github: EmbeddedGitHub) -> Repository:
    return await github.create_repo("acme", "shop", BASE)


@pytest.fixture
async def pull(github: EmbeddedGitHub, repo: Repository) -> Pull:
    await github.commit(repo, "feature", CHANGE, author="mira", message="Feature")
    return await github.open_pull(repo, head="feature", author="mira", title="A feature")


async def git(*arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """git as a user runs it; exit status and everything it said."""
    process = await asyncio.create_subprocess_exec(
        "git", "-c", "safe.directory=*", *arguments,
        cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_AUTHOR_NAME": "mira",
            "GIT_AUTHOR_EMAIL": "mira@example.com", "GIT_COMMITTER_NAME": "mira",
            "GIT_COMMITTER_EMAIL": "mira@example.com",
        },
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
