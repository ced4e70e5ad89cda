"""Resolving threads: with a token of its own, and not at all where GitHub gives none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.errors import AccessLost, GitHubError, TryLater
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.github.settling import REMEMBERED
from bot.models.github import Repo
from tests.fakes.clock import FakeClock
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import INSTALLATION, REPO, TOKENS, ok, refused

ISSUE = "/repos/octo/demo/issues/5/comments"
SETTLING = {"contents": "write", "metadata": "read", "pull_requests": "write"}


def settled(mutation: str, *, resolved: bool) -> httpx.Response:
    thread = {"id": "T", "isResolved": resolved}
    return httpx.Response(200, json={"data": {mutation: {"thread": thread}}})


RESOLVED = settled("resolveReviewThread", resolved=True)
UNRESOLVED = settled("unresolveReviewThread", resolved=False)


def failed(kind: str, message: str = "Resource not accessible by integration") -> httpx.Response:
    error = {"type": kind, "path": ["resolveReviewThread"], "message": message}
    return httpx.Response(200, json={"data": {"resolveReviewThread": None}, "errors": [error]})


def asked(github: GitHubApi) -> list[Any]:
    """The permissions of every token that was asked for."""
    return [body["permissions"] for body in github.sent("POST", TOKENS)]


def used(github: GitHubApi, token: str) -> list[str]:
    """What was sent with this token."""
    return [
        request.url.path
        for request in github.requests
        if request.headers["authorization"] == f"Bearer {token}"
    ]


@pytest.fixture
def reachable(github: GitHubApi) -> GitHubApi:
    github.on("GET", "/repos/octo/demo", ok("GET", "/repos/o/r", {}))
    github.on("GET", ISSUE, ok("GET", ISSUE, []))
    return github


@pytest.fixture
def ungranted(reachable: GitHubApi, withheld: set[tuple[str, str]]) -> GitHubApi:
    """An installation that may review and not write contents."""
    withheld.add(("contents", "write"))
    return reachable


async def test_a_thread_is_resolved_and_opened_again(
    client: RepoClient, reachable: GitHubApi
) -> None:
    reachable.on_query(RESOLVED, RESOLVED, UNRESOLVED)
    assert await client.resolve_thread("T")
    assert await client.resolve_thread("T")
    assert await client.unresolve_thread("T")
    sent = reachable.sent("POST", "graphql")
    assert [body["variables"] for body in sent] == [{"thread": "T"}] * 3
    names = [body["query"].split("(")[0].split()[-1] for body in sent]
    assert names == ["Resolve", "Resolve", "Unresolve"]


async def test_the_token_that_may_write_contents_resolves_and_does_nothing_else(
    client: RepoClient, reachable: GitHubApi
) -> None:
    reachable.on_query(RESOLVED)
    await client.issue_comments(5)
    await client.resolve_thread("T")
    await client.issue_comments(5)
    assert [held["contents"] for held in asked(reachable)] == ["read", "write"]
    assert asked(reachable)[1] == SETTLING
    assert used(reachable, "t2") == ["/graphql"]
    assert used(reachable, "t1") == [ISSUE, ISSUE]


async def test_no_token_that_may_write_contents_is_asked_for_before_there_is_a_need(
    client: RepoClient, reachable: GitHubApi
) -> None:
    await client.issue_comments(5)
    assert [held["contents"] for held in asked(reachable)] == ["read"]


async def test_an_installation_that_gives_no_such_token_is_asked_once(
    app: GitHubApp, client: RepoClient, ungranted: GitHubApi
) -> None:
    assert not await client.resolve_thread("T")
    assert not await client.resolve_thread("U")
    assert not await client.unresolve_thread("T")
    later = await app.client(INSTALLATION, REPO)
    assert not await later.resolve_thread("T")
    assert asked(ungranted).count(SETTLING) == 1
    assert ungranted.count("POST", "graphql") == 0


async def test_the_refusal_costs_no_other_token(client: RepoClient, ungranted: GitHubApi) -> None:
    await client.issue_comments(5)
    assert not await client.resolve_thread("T")
    await client.issue_comments(5)
    assert [held["contents"] for held in asked(ungranted)] == ["read", "write"]


async def test_an_owner_who_agrees_later_is_noticed(
    client: RepoClient, reachable: GitHubApi, clock: FakeClock
) -> None:
    reachable.on_query(failed("FORBIDDEN"), RESOLVED)
    assert not await client.resolve_thread("T")
    clock.advance(REMEMBERED - 1)
    assert not await client.resolve_thread("T")
    assert reachable.count("POST", "graphql") == 1
    clock.advance(1)
    assert await client.resolve_thread("T")


async def test_a_forbidden_mutation_is_no_claim_and_not_tried_for_each_thread(
    client: RepoClient, reachable: GitHubApi
) -> None:
    reachable.on_query(failed("FORBIDDEN"))
    await client.issue_comments(5)
    assert [await client.resolve_thread(t) for t in ("T", "U", "V")] == [False, False, False]
    await client.issue_comments(5)
    assert reachable.count("POST", "graphql") == 1
    assert asked(reachable).count(SETTLING) == 1
    assert len(asked(reachable)) == 2, "the other token is kept"


async def test_another_repository_is_not_refused_with_the_first(
    app: GitHubApp, client: RepoClient, reachable: GitHubApi
) -> None:
    reachable.on_query(failed("FORBIDDEN"), RESOLVED)
    assert not await client.resolve_thread("T")
    other = await app.client(INSTALLATION, Repo(owner="octo", name="other"))
    assert await other.resolve_thread("U")


async def test_a_lost_repository_is_told_as_that(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", "/repos/octo/demo", refused(404), ok("GET", "/repos/o/r", {}))
    github.on_query(failed("FORBIDDEN"), RESOLVED)
    with pytest.raises(AccessLost, match="no longer reaches"):
        await client.resolve_thread("T")
    assert await client.resolve_thread("T"), "it was no refusal to be remembered"


async def test_a_thread_that_is_gone_is_told_as_that(
    client: RepoClient, reachable: GitHubApi
) -> None:
    reachable.on_query(failed("NOT_FOUND", "Could not resolve to a node"), RESOLVED)
    with pytest.raises(GitHubError) as error:
        await client.resolve_thread("T")
    assert error.value.status == 404
    assert await client.resolve_thread("U")


async def test_trouble_at_github_is_no_refusal(client: RepoClient, reachable: GitHubApi) -> None:
    reachable.on_query(httpx.Response(502), RESOLVED, odd=True)
    with pytest.raises(TryLater):
        await client.resolve_thread("T")
    assert await client.resolve_thread("T")


async def test_a_client_without_such_a_token_resolves_nothing(
    client: RepoClient, github: GitHubApi
) -> None:
    bare = RepoClient(client._api, client.repo, client.login)
    assert not await bare.resolve_thread("T")
    assert not await bare.unresolve_thread("T")
    assert github.count("POST", "graphql") == 0
