"""The client: errors of ours, one origin, conditional requests, few and short repetitions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.errors import AccessLost, GitHubError, TryLater, Unprocessable
from bot.github import client as client_module
from bot.github.app_auth import GitHubApp
from bot.github.repository import RepoClient
from bot.models.github import DraftComment, Repo
from tests.fakes.clock import FakeClock
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import INSTALLATION, REPO, TOKENS, ok, refused, token_answer

COMMENTS = "/repos/octo/demo/issues/5/comments"
QUERY = f"{COMMENTS}?per_page=100"


def comments(*bodies: str, **headers: Any) -> httpx.Response:
    return ok("GET", COMMENTS, [{"body": body} for body in bodies], **headers)


async def bodies(client: RepoClient) -> list[str]:
    return [comment.body for comment in await client.issue_comments(5)]


# Headers


async def test_what_every_request_says(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", COMMENTS, comments())
    await client.issue_comments(5)
    sent = github.requests[-1].headers
    assert sent["authorization"] == "Bearer t1"
    assert sent["user-agent"] == "harness-bot"
    assert sent["accept"] == "application/vnd.github.v3+json"
    assert sent["x-github-api-version"] == "2022-11-28"


# Conditional requests


async def test_what_did_not_change_comes_from_the_cache(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", COMMENTS, comments("a", ETag='"1"'), httpx.Response(304))
    assert await bodies(client) == ["a"]
    assert await bodies(client) == ["a"]
    assert await bodies(client) == ["a"]
    asked = [r.headers.get("if-none-match") for r in github.requests if r.url.path == COMMENTS]
    assert asked == [None, '"1"', '"1"']


async def test_what_changed_replaces_the_cache(client: RepoClient, github: GitHubApi) -> None:
    changed = [comments("a", ETag='"1"'), comments("b", ETag='"2"'), httpx.Response(304)]
    github.on("GET", COMMENTS, *changed)
    assert [await bodies(client) for _ in range(3)] == [["a"], ["b"], ["b"]]
    assert github.requests[-1].headers["if-none-match"] == '"2"'


async def test_a_cached_page_leads_to_the_next_one(client: RepoClient, github: GitHubApi) -> None:
    more = f'<{github.base}{COMMENTS}?page=2>; rel="next"'
    github.on("GET", QUERY, comments("a", ETag='"1"', Link=more), httpx.Response(304))
    github.on("GET", f"{COMMENTS}?page=2", comments("b", ETag='"2"'), httpx.Response(304))
    assert [await bodies(client) for _ in range(2)] == [["a", "b"], ["a", "b"]]


async def test_nobody_can_change_what_the_cache_holds(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", COMMENTS, comments("a", ETag='"1"'), httpx.Response(304))
    for _ in range(3):
        data, _next = await client._api.page(QUERY)
        assert [item["body"] for item in data] == ["a"]
        data[0]["body"] = "poison"
        data.append("poison")


async def test_two_installations_do_not_share_the_cache(
    app: GitHubApp, github: GitHubApi, clock: FakeClock
) -> None:
    other = "/app/installations/8/access_tokens"
    github.on("POST", other, token_answer("other", clock.now() + timedelta(hours=1)))
    github.on("GET", COMMENTS, comments("a", ETag='"1"'))
    for installation in (INSTALLATION, 8):
        await bodies(await app.client(installation, REPO))
    assert "if-none-match" not in github.requests[-1].headers


async def test_another_media_type_is_neither_asked_nor_answered_from_the_cache(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", COMMENTS, comments("a", ETag='"1"'))
    await client.issue_comments(5)
    await client._api.getitem(QUERY, accept="application/vnd.github.raw+json")
    assert "if-none-match" not in github.requests[-1].headers
    await client.issue_comments(5)
    assert github.requests[-1].headers["if-none-match"] == '"1"'


async def test_an_unasked_304_is_an_error(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", COMMENTS, httpx.Response(304))
    with pytest.raises(GitHubError, match="304"):
        await client.issue_comments(5)


# One origin


async def test_a_next_page_elsewhere_is_refused_and_no_token_leaves(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", COMMENTS, comments("a", Link='<https://evil.example/x>; rel="next"'))
    with pytest.raises(GitHubError, match=r"refused to send to https://evil\.example"):
        await client.issue_comments(5)
    assert github.strangers == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_elsewhere_is_refused_and_no_token_leaves(
    client: RepoClient, github: GitHubApi, status: int
) -> None:
    away = refused(status, location="https://evil.example/x")
    github.on("GET", COMMENTS, away, odd=True)
    with pytest.raises(GitHubError, match="refused to send"):
        await client.issue_comments(5)
    assert github.strangers == []


async def test_writing_follows_a_renamed_repository(client: RepoClient, github: GitHubApi) -> None:
    target = "/repos/octo/renamed/issues/5/comments"
    github.on("POST", COMMENTS, refused(307, "Moved", location=target))
    github.on("POST", target, ok("POST", target, {"body": "hello"}, 201))
    assert (await client.create_issue_comment(5, "hello")).body == "hello"
    assert github.sent("POST", target) == [{"body": "hello"}]


async def test_reading_follows_a_renamed_repository(client: RepoClient, github: GitHubApi) -> None:
    target = "/repos/octo/renamed/issues/5/comments"
    github.on("GET", COMMENTS, refused(301, location=f"{github.base}{target}"))
    github.on("GET", target, comments("a"))
    assert await bodies(client) == ["a"]


async def test_what_writes_does_not_follow_a_301(client: RepoClient, github: GitHubApi) -> None:
    github.on("POST", COMMENTS, refused(301, location=f"{github.base}/repos/o/x/issues/1/comments"))
    with pytest.raises(GitHubError) as error:
        await client.create_issue_comment(5, "hello")
    assert error.value.status == 301


async def test_a_circle_of_redirects_ends(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", COMMENTS, refused(301, location=COMMENTS))
    with pytest.raises(GitHubError, match="circle"):
        await client.issue_comments(5)
    assert github.count("GET", COMMENTS) == 4


# Enterprise Server


@pytest.mark.parametrize("api_url", ["https://ghe.example/api/v3", "http://127.0.0.1:9/api"])
async def test_other_githubs_are_asked_for_everything(
    client: RepoClient, github: GitHubApi, api_url: str
) -> None:
    github.on("GET", COMMENTS, comments("a"))
    github.on_query(httpx.Response(200, json={"data": {"repository": None}}))
    assert await bodies(client) == ["a"]
    with pytest.raises(GitHubError, match="repository"):
        await client.threads(5)
    assert github.strangers == []
    assert str(github.requests[-1].url) == github.graphql_url
    assert github.requests[-1].headers["authorization"] == "Bearer t1"


async def test_gidgethubs_own_graphql_cannot_send_elsewhere(
    pem: str, http: httpx.AsyncClient, github: GitHubApi, clock: FakeClock
) -> None:
    server = GitHubApp("1", pem, "https://ghe.example/api/v3", http, clock)
    with pytest.raises(GitHubError, match="refused to send"):
        await server._api.graphql("{ viewer { login } }")
    assert github.requests == []


# Repetitions


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(502),
        httpx.Response(503),
    ],
)
async def test_reading_is_tried_once_more(
    client: RepoClient,
    github: GitHubApi,
    pauses: list[float],
    trouble: httpx.Response | httpx.HTTPError,
) -> None:
    github.on("GET", COMMENTS, trouble, odd=True)
    github.on("GET", COMMENTS, comments("a"))
    assert await bodies(client) == ["a"]
    assert pauses == [0.5]


async def test_reading_gives_up_after_two_tries(
    client: RepoClient, github: GitHubApi, pauses: list[float]
) -> None:
    github.on("GET", COMMENTS, httpx.ConnectError("refused"))
    with pytest.raises(TryLater, match=r"api\.github\.com: refused") as error:
        await client.issue_comments(5)
    assert error.value.seconds == 10
    assert (github.count("GET", COMMENTS), pauses) == (2, [0.5])


@pytest.mark.parametrize(
    "trouble", [httpx.ReadTimeout("slow"), httpx.Response(502), httpx.Response(503)]
)
async def test_what_writes_is_sent_once(
    client: RepoClient, github: GitHubApi, trouble: httpx.Response | httpx.HTTPError
) -> None:
    github.on("POST", COMMENTS, trouble, odd=True)
    with pytest.raises(TryLater):
        await client.create_issue_comment(5, "hello")
    assert github.count("POST", COMMENTS) == 1


async def test_a_limit_is_not_waited_for(
    client: RepoClient, github: GitHubApi, pauses: list[float]
) -> None:
    github.on("GET", COMMENTS, refused(429, "Too many requests", retry_after="33"))
    with pytest.raises(TryLater) as error:
        await client.issue_comments(5)
    assert error.value.seconds == 33
    assert (github.count("GET", COMMENTS), pauses) == (1, [])


async def test_a_graphql_limit_keeps_its_headers(
    client: RepoClient, github: GitHubApi, clock: FakeClock
) -> None:
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    reset = str(int(clock.now().timestamp()) + 40)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    github.on_query(httpx.Response(200, json=limited, headers=headers))
    with pytest.raises(TryLater) as error:
        await client.threads(5)
    assert error.value.seconds == 41
    assert github.count("POST", "graphql") == 1


# Refusals


async def test_a_422_on_a_review_carries_githubs_words(
    client: RepoClient, github: GitHubApi
) -> None:
    path = "/repos/octo/demo/pulls/5/reviews"
    answer = {
        "message": "Unprocessable Entity",
        "errors": ["Line could not be resolved"],
        "documentation_url": "https://docs.github.com",
    }
    github.on("POST", path, httpx.Response(422, json=answer))
    with pytest.raises(Unprocessable, match="Unprocessable Entity; Line could not be resolved"):
        await client.create_review(5, "a" * 40, "x", [DraftComment(path="f", line=1, body="b")])


async def test_detailed_errors_are_told_too(client: RepoClient, github: GitHubApi) -> None:
    errors = [{"resource": "X", "field": "line", "code": "custom", "message": "is odd"}]
    answer = {"message": "Validation Failed", "errors": [*errors, {"code": "invalid"}]}
    github.on("POST", COMMENTS, httpx.Response(422, json=answer), odd=True)
    with pytest.raises(Unprocessable, match="Validation Failed; is odd; invalid"):
        await client.create_issue_comment(5, "x")


async def test_a_403_is_lost_access_and_costs_the_token(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", COMMENTS, refused(403, "Resource not accessible by integration"))
    github.on("GET", COMMENTS, comments())
    with pytest.raises(AccessLost, match="not accessible by integration"):
        await client.issue_comments(5)
    await client.issue_comments(5)
    assert github.requests[-1].headers["authorization"] == "Bearer t2"


async def test_a_rejected_token_is_replaced_once(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", COMMENTS, refused(401, "Bad credentials"), comments("a"))
    assert await bodies(client) == ["a"]
    assert github.requests[-1].headers["authorization"] == "Bearer t2"
    assert github.count("POST", TOKENS) == 2


async def test_tokens_that_are_always_rejected_end(client: RepoClient, github: GitHubApi) -> None:
    github.on("POST", COMMENTS, refused(401, "Bad credentials"))
    with pytest.raises(GitHubError) as error:
        await client.create_issue_comment(5, "x")
    assert error.value.status == 401
    assert github.count("POST", COMMENTS) == 2


# Answers that are none

JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"{ not json", headers=JSON),
        httpx.Response(200, content=b"\xff\xfe", headers=JSON),
        httpx.Response(200, content=b"[" * 100_000, headers=JSON),
        httpx.Response(
            200, content=b"[]", headers={"content-type": "application/json; charset=no"}
        ),
        httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b""),
        httpx.Response(200, json={"items": 3}),
        httpx.Response(200, json=None),
        httpx.Response(200, json=["text"]),
        httpx.Response(200, json=[{"id": "x"}]),
        httpx.Response(200, json=[{"id": True, "created_at": "2026-01-02T03:04:05Z"}]),
        httpx.Response(200, json=[{"id": 1, "created_at": "yesterday"}]),
    ],
)
async def test_garbage_is_an_error_of_github(
    client: RepoClient, github: GitHubApi, answer: httpx.Response
) -> None:
    github.on("GET", COMMENTS, answer, odd=True)
    with pytest.raises(GitHubError, match="GitHub's answer"):
        await client.issue_comments(5)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"{ not json", headers=JSON),
        httpx.Response(200, content=b"", headers=JSON),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"data": None}),
        httpx.Response(200, json={"data": [1]}),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"errors": []}),
        httpx.Response(200, json={"errors": "no"}),
        httpx.Response(200, content=b'{"data": {}}', headers={"content-type": "text/html"}),
        httpx.Response(200, json={"data": {"repository": {"pullRequest": None}}}),
        httpx.Response(200, json={"data": {"repository": {"pullRequest": {"reviewThreads": 1}}}}),
    ],
)
async def test_a_garbage_answer_to_a_query_is_an_error_of_github(
    client: RepoClient, github: GitHubApi, answer: httpx.Response
) -> None:
    github.on_query(answer, odd=True)
    with pytest.raises(GitHubError, match="GitHub"):
        await client.threads(5)


async def test_an_odd_rate_limit_header_costs_nothing(
    client: RepoClient, github: GitHubApi
) -> None:
    odd = {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "?", "X-RateLimit-Reset": "1e99"}
    github.on("GET", COMMENTS, comments("a", **odd))
    assert await bodies(client) == ["a"]


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b"[" * 100_000, b"{" * 1_000_001, b""])
async def test_an_error_page_that_is_no_json_keeps_its_status(
    client: RepoClient, github: GitHubApi, content: bytes
) -> None:
    github.on("POST", COMMENTS, httpx.Response(418, content=content), odd=True)
    with pytest.raises(GitHubError, match=r"^GitHub answered 418$"):
        await client.create_issue_comment(5, "x")


async def test_an_endless_answer_is_cut(
    client: RepoClient, github: GitHubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", 1000)
    github.on("GET", COMMENTS, comments("x" * 2000))
    with pytest.raises(GitHubError, match="larger than 1000"):
        await client.issue_comments(5)


async def test_no_error_tells_a_token(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", COMMENTS, refused(404))
    github.on("GET", "/repos/octo/demo", httpx.ReadError("cut"))
    with pytest.raises(TryLater) as error:
        await client.issue_comments(5)
    assert "t1" not in json.dumps([str(a) for a in error.value.args])


def test_repo_is_what_the_client_is_about(client: RepoClient) -> None:
    assert client.repo == Repo(owner="octo", name="demo")
    assert client.login == "harness-app[bot]"
