"""The App: its JWT, its name, its tokens."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bot.errors import AccessLost, ConfigurationError, GitHubError, TryLater
from bot.github.app_auth import GitHubApp
from bot.github.tokens import REVIEW
from bot.models.github import Repo
from tests.fakes.clock import FakeClock
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import INSTALLATION, REPO, TOKENS, ok, refused, token_answer

OTHER = Repo(owner="octo", name="other")


async def test_the_jwt_is_githubs(
    app: GitHubApp, github: GitHubApi, clock: FakeClock, private_key: rsa.RSAPrivateKey
) -> None:
    await app.login()
    kind, _, token = github.requests[0].headers["authorization"].partition(" ")
    assert kind == "Bearer"
    claims = jwt.decode(
        token,
        private_key.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    now = int(clock.now().timestamp())
    assert claims == {"iss": "4711", "iat": now - 60, "exp": now + 540}


async def test_login_is_the_slug_as_github_shows_it_and_asked_once(
    app: GitHubApp, github: GitHubApi
) -> None:
    assert await app.login() == "harness-app[bot]"
    assert await app.login() == "harness-app[bot]"
    assert github.count("GET", "/app") == 1


async def test_a_token_is_asked_with_only_what_is_needed(app: GitHubApp, github: GitHubApi) -> None:
    assert await app.token(INSTALLATION, REPO) == "t1"
    assert github.sent("POST", TOKENS) == [
        {"repositories": ["demo"], "permissions": {"contents": "read", "metadata": "read"}}
    ]


async def test_a_client_may_review_and_not_push(app: GitHubApp, github: GitHubApi) -> None:
    path = "/repos/octo/demo/issues/5/comments"
    github.on("GET", path, ok("GET", path, []))
    client = await app.client(INSTALLATION, REPO)
    assert github.count("POST", TOKENS) == 0
    await client.issue_comments(5)
    assert github.sent("POST", TOKENS) == [
        {
            "repositories": ["demo"],
            "permissions": {
                "checks": "write",
                "contents": "read",
                "issues": "write",
                "metadata": "read",
                "pull_requests": "write",
            },
        }
    ]


async def test_pushing_is_asked_for_by_name(app: GitHubApp, github: GitHubApi) -> None:
    await app.token(INSTALLATION, REPO, {"contents": "write"})
    assert github.sent("POST", TOKENS)[0]["permissions"] == {"contents": "write"}


async def test_a_token_lasts_until_five_minutes_before_its_end(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    assert await app.token(INSTALLATION, REPO) == "t1"
    clock.advance(55 * 60 - 1)
    assert await app.token(INSTALLATION, REPO) == "t1"
    clock.advance(1)
    assert await app.token(INSTALLATION, REPO) == "t2"
    assert await app.token(INSTALLATION, REPO) == "t2"


async def test_a_token_that_ends_at_once_is_used_and_not_kept(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    path = "/app/installations/8/access_tokens"
    ends = clock.now() + timedelta(minutes=4)
    github.on("POST", path, token_answer("a", ends), token_answer("b", ends))
    assert [await app.token(8, REPO) for _ in range(2)] == ["a", "b"]


async def test_tokens_of_repositories_permissions_and_installations_are_apart(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    later = clock.now() + timedelta(hours=1)
    github.on("POST", "/app/installations/8/access_tokens", token_answer("x", later))
    asked = [(INSTALLATION, REPO, REVIEW), (INSTALLATION, OTHER, REVIEW), (8, REPO, REVIEW)]
    tokens = [await app.token(*a) for a in asked] + [await app.token(INSTALLATION, REPO)]
    assert tokens == ["t1", "t2", "x", "t3"]
    assert [await app.token(*a) for a in asked] + [await app.token(INSTALLATION, REPO)] == tokens


async def test_who_asks_at_the_same_time_shares_one_request(
    app: GitHubApp, github: GitHubApi
) -> None:
    tokens = await asyncio.gather(*(app.token(INSTALLATION, REPO) for _ in range(20)))
    assert set(tokens) == {"t1"}
    assert github.count("POST", TOKENS) == 1


async def test_a_shared_failure_reaches_everybody_and_is_not_kept(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    path = "/app/installations/8/access_tokens"
    later = clock.now() + timedelta(hours=1)
    github.on("POST", path, httpx.ConnectError("cut"), token_answer("x", later))
    results = await asyncio.gather(*(app.token(8, REPO) for _ in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {TryLater}
    assert github.count("POST", path) == 1
    assert await app.token(8, REPO) == "x"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(404, "Not Found"), "not installed"),
        (refused(403, "This installation has been suspended"), "suspended"),
        (
            httpx.Response(422, json={"message": "There is at least one repository", "x": 1}),
            "at least one repository",
        ),
    ],
)
async def test_lost_access_is_told_and_costs_the_cached_tokens(
    app: GitHubApp, github: GitHubApi, clock: FakeClock, answer: httpx.Response, words: str
) -> None:
    path = "/app/installations/8/access_tokens"
    later = clock.now() + timedelta(hours=1)
    github.on(
        "POST", path, token_answer("old", later), answer, token_answer("new", later), odd=True
    )
    assert await app.token(8, REPO) == "old"
    with pytest.raises(AccessLost, match=words):
        await app.token(8, REPO, REVIEW)
    assert await app.token(8, REPO) == "new"


async def test_another_repositorys_token_survives_a_repository_that_is_gone(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    path = "/app/installations/8/access_tokens"
    gone = httpx.Response(422, json={"message": "no such repository"})
    later = clock.now() + timedelta(hours=1)
    github.on("POST", path, token_answer("kept", later), gone, odd=True)
    assert await app.token(8, OTHER) == "kept"
    with pytest.raises(AccessLost):
        await app.token(8, REPO)
    assert await app.token(8, OTHER) == "kept"


async def test_wrong_credentials_name_the_settings(app: GitHubApp, github: GitHubApi) -> None:
    path = "/app/installations/8/access_tokens"
    github.on("POST", path, refused(401, "A JSON web token could not be decoded"))
    with pytest.raises(GitHubError, match="HARNESS_APP_ID") as error:
        await app.token(8, REPO)
    assert error.value.status == 401
    assert github.count("POST", path) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"token": "x"},
        {"token": "x", "expires_at": "soon"},
        {"token": 5, "expires_at": "2027-01-01T00:00:00Z"},
        {"token": "a\r\nx-evil: 1", "expires_at": "2027-01-01T00:00:00Z"},
        {"token": "ü", "expires_at": "2027-01-01T00:00:00Z"},
    ],
)
async def test_an_odd_token_is_an_error_of_github(
    app: GitHubApp, github: GitHubApi, body: object
) -> None:
    path = "/app/installations/8/access_tokens"
    github.on("POST", path, httpx.Response(201, json=body), odd=True)
    with pytest.raises(GitHubError, match="GitHub's answer"):
        await app.token(8, REPO)


async def test_a_trouble_while_asking_for_a_token_is_for_later(
    app: GitHubApp, github: GitHubApi
) -> None:
    path = "/app/installations/8/access_tokens"
    github.on("POST", path, httpx.Response(502), odd=True)
    with pytest.raises(TryLater):
        await app.token(8, REPO)
    assert github.count("POST", path) == 1


@pytest.mark.parametrize("broken", ["", "secret words", "-----BEGIN RSA PRIVATE KEY-----\nsecret"])
def test_a_key_that_is_none_is_told_without_its_text(
    http: httpx.AsyncClient, clock: FakeClock, broken: str
) -> None:
    with pytest.raises(ConfigurationError, match="HARNESS_PRIVATE_KEY") as error:
        GitHubApp("1", broken, "https://api.github.com", http, clock)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_key_of_another_kind_is_refused(http: httpx.AsyncClient, clock: FakeClock) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ConfigurationError, match="RSA"):
        GitHubApp("1", pem, "https://api.github.com", http, clock)


async def test_a_key_on_one_line_is_understood(
    pem: str, http: httpx.AsyncClient, clock: FakeClock, github: GitHubApi
) -> None:
    app = GitHubApp("1", pem.replace("\n", "\\n"), "https://api.github.com", http, clock)
    assert await app.login() == "harness-app[bot]"
