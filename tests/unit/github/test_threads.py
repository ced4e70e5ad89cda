"""Review threads over GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.errors import AccessLost, GitHubError
from bot.github import documents, threads
from bot.github.repository import RepoClient
from bot.models.github import Comment, Thread
from tests.fakes import graphql
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import ok, refused


def _page(items: list[Any], after: str | None = None) -> dict[str, Any]:
    return {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "nodes": items}


def _comment(number: int, author: Any = None) -> dict[str, Any]:
    return {
        "fullDatabaseId": str(3_000_000_000 + number),
        "body": f"c{number}",
        "url": "https://github.com/c",
        "createdAt": "2026-01-02T03:04:05Z",
        "author": author,
    }


def _thread(name: str, comments: dict[str, Any], line: int | None = 7) -> dict[str, Any]:
    return {
        "id": name,
        "isResolved": name == "done",
        "isOutdated": line is None,
        "path": "a.py",
        "line": line,
        "resolvedBy": {"login": "harness-app"} if name == "done" else None,
        "comments": comments,
    }


def _threads(page: Any) -> httpx.Response:
    data = {"repository": {"pullRequest": {"reviewThreads": page}}}
    return httpx.Response(200, json={"data": data})


DOCUMENTS = {
    name: document
    for name, document in vars(documents).items()
    if name.isupper() and not name.startswith("_")
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_are_githubs(document: str) -> None:
    graphql.check_document(document)


def test_no_document_is_left_out() -> None:
    assert set(DOCUMENTS) == {"THREADS", "THREAD_COMMENTS", "RESOLVE", "UNRESOLVE"}


async def test_threads_are_read_whole(client: RepoClient, github: GitHubApi) -> None:
    bot = {"__typename": "Bot", "login": "harness-app"}
    person = {"__typename": "User", "login": "harness-app"}
    talk = _page([_comment(1, bot), _comment(2, person), _comment(3)])
    github.on_query(_threads(_page([_thread("open", talk), _thread("done", _page([]), None)])))
    first, second = await client.threads(5)
    assert (first.id, first.resolved, first.outdated) == ("open", False, False)
    assert (first.path, first.line) == ("a.py", 7)
    assert first.comments[0] == Comment(
        id=3_000_000_001,
        author="harness-app[bot]",
        body="c1",
        url="https://github.com/c",
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        path="a.py",
        line=7,
    )
    assert [c.author == client.login for c in first.comments] == [True, False, False]
    assert first.comments[2].author == "ghost"
    assert second == Thread(
        id="done", resolved=True, outdated=True, path="a.py", line=None, comments=(),
        resolved_by="harness-app[bot]",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("resolver", "shown"),
    [({"login": "mira"}, "mira"), ({"login": "harness-app"}, "harness-app[bot]"), (None, "ghost")],
)
async def test_who_resolved_a_thread_is_told_and_we_know_ourselves(
    client: RepoClient, github: GitHubApi, resolver: Any, shown: str
) -> None:
    github.on_query(_threads(_page([{**_thread("done", _page([])), "resolvedBy": resolver}])))
    (thread,) = await client.threads(5)
    assert (thread.resolved, thread.resolved_by) == (True, shown)


async def test_an_open_thread_was_resolved_by_nobody(client: RepoClient, github: GitHubApi) -> None:
    once = {**_thread("open", _page([])), "resolvedBy": {"login": "mira"}}
    github.on_query(_threads(_page([once])))
    (thread,) = await client.threads(5)
    assert (thread.resolved, thread.resolved_by, thread.first) == (False, "", None)


async def test_a_thread_tells_whose_it_is_and_which_people_replied(
    client: RepoClient, github: GitHubApi
) -> None:
    ours, other = ({"__typename": "Bot", "login": n} for n in ("harness-app", "linter"))
    mira, ann = ({"__typename": "User", "login": n} for n in ("mira", "ann"))
    talk = [_comment(n, who) for n, who in enumerate([ours, mira, other, ours, ann, mira])]
    github.on_query(_threads(_page([_thread("open", _page(talk))])))
    (thread,) = await client.threads(5)
    assert thread.first is not None
    assert (thread.first.author, thread.first.by_bot) == (client.login, True)
    assert thread.people == ("mira", "ann")
    assert [c.by_bot for c in thread.comments] == [True, False, True, True, False, False]


async def test_every_page_of_threads_and_of_their_comments_is_read(
    client: RepoClient, github: GitHubApi
) -> None:
    rest = {"node": {"__typename": "PullRequestReviewThread", "comments": _page([_comment(2)])}}
    github.on_query(
        _threads(_page([_thread("one", _page([_comment(1)], "c1"))], "t1")),
        httpx.Response(200, json={"data": rest}),
        _threads(_page([_thread("two", _page([_comment(3)]))])),
    )
    found = await client.threads(5)
    assert [[c.body for c in thread.comments] for thread in found] == [["c1", "c2"], ["c3"]]
    variables = [body["variables"] for body in github.sent("POST", "graphql")]
    where = {"owner": "octo", "name": "demo", "number": 5}
    assert variables == [
        {**where, "after": None},
        {"thread": "one", "after": "c1"},
        {**where, "after": "t1"},
    ]


async def test_pages_without_end_are_an_error(
    client: RepoClient, github: GitHubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PAGES", 3)
    github.on_query(_threads(_page([], "again")))
    with pytest.raises(GitHubError, match="no end"):
        await client.threads(5)
    assert github.count("POST", "graphql") == 3


async def test_comments_without_end_are_an_error(
    client: RepoClient, github: GitHubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PAGES", 3)
    again = {"node": {"__typename": "PullRequestReviewThread", "comments": _page([], "again")}}
    github.on_query(
        _threads(_page([_thread("one", _page([], "again"))])),
        httpx.Response(200, json={"data": again}),
    )
    with pytest.raises(GitHubError, match="no end"):
        await client.threads(5)


def _errors(kind: str) -> httpx.Response:
    error = {"type": kind, "path": ["repository"], "message": "Could not resolve"}
    return httpx.Response(200, json={"data": {"repository": None}, "errors": [error]})


async def test_not_found_is_told_apart_from_lost(client: RepoClient, github: GitHubApi) -> None:
    github.on_query(_errors("NOT_FOUND"))
    github.on("GET", "/repos/octo/demo", ok("GET", "/repos/o/r", {}), refused(404))
    with pytest.raises(GitHubError) as missing:
        await client.threads(5)
    assert missing.value.status == 404
    with pytest.raises(AccessLost):
        await client.threads(5)


async def test_forbidden_is_lost_access(client: RepoClient, github: GitHubApi) -> None:
    github.on_query(_errors("FORBIDDEN"))
    with pytest.raises(AccessLost, match="Could not resolve"):
        await client.threads(5)
