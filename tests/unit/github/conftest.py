"""A `GitHubApp` and its `RepoClient` over a scripted GitHub."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models.github import Repo
from tests.fakes.clock import FakeClock
from tests.fakes.github_api import GitHubApi
from tests.fakes.payloads import payload

REPO = Repo(owner="octo", name="demo")
INSTALLATION = 7
TOKENS = f"/app/installations/{INSTALLATION}/access_tokens"


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def pem(private_key: rsa.RSAPrivateKey) -> str:
    return private_key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api_url() -> str:
    """Overridden where a test is about another GitHub."""
    return "https://api.github.com"


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mock:
        yield mock


@pytest.fixture
def withheld() -> set[tuple[str, str]]:
    """Permissions, such as ``("contents", "write")``, that the installation does not give."""
    return set()


@pytest.fixture
def github(
    router: respx.MockRouter, api_url: str, clock: FakeClock, withheld: set[tuple[str, str]]
) -> GitHubApi:
    """Knows the App and gives a token (``t1``, ``t2``, …) that lasts an hour."""
    enterprise = api_url.endswith("/api/v3")
    graphql = api_url.removesuffix("/v3") + "/graphql" if enterprise else f"{api_url}/graphql"
    api = GitHubApi(router, api_url, graphql)
    api.on("GET", "/app", ok("GET", "/app", {"slug": "harness-app"}))
    given: list[str] = []

    def token(request: httpx.Request) -> httpx.Response:
        if withheld & json.loads(request.content)["permissions"].items():
            return refused(422, "The permissions requested are not granted to this installation.")
        given.append(f"t{len(given) + 1}")
        return token_answer(given[-1], clock.now() + timedelta(hours=1))

    api.on("POST", TOKENS, token)
    return api


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def app(
    pem: str, api_url: str, http: httpx.AsyncClient, clock: FakeClock, pauses: list[float]
) -> GitHubApp:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    return GitHubApp("4711", pem, api_url, http, clock, pause=pause)


@pytest.fixture
async def client(app: GitHubApp, github: GitHubApi) -> RepoClient:
    return await app.client(INSTALLATION, REPO)


def ok(method: str, path: str, given: Any, status: int = 200, **headers: Any) -> httpx.Response:
    """An answer as GitHub's description wants it, around the values that a test cares about."""
    return httpx.Response(status, json=payload(method, path, status, given), headers=headers)


def refused(status: int, message: str = "no", **headers: str) -> httpx.Response:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return httpx.Response(
        status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def token_answer(value: str, expires_at: datetime) -> httpx.Response:
    given = {"token": value, "expires_at": expires_at.isoformat()}
    return ok("POST", TOKENS, given, 201)
