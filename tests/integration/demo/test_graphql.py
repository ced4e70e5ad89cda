"""GraphQL: threads, resolving them, and the permission that GitHub demands for it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from bot.github.documents import THREAD_COMMENTS, THREADS
from tests.integration.demo.conftest import App
from tests.integration.demo.test_reviews import on, post_review

RESOLVE = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved resolvedBy { login } } }
}
"""


async def query(
    app: App,
    repo: Repository,
    document: str,
    held: dict[str, str] | None = None,
    **variables: Any,
) -> dict[str, Any]:
    token = await app.token(repo, held)
    answer = await app.http.post(
        f"{app.github.url}/api/graphql",
        headers={"Authorization": f"Bearer {token}"},
        json={"query": document, "variables": variables},
    )
    assert answer.status_code == 200
    data: dict[str, Any] = answer.json()
    return data


def names(repo: Repository, **more: Any) -> dict[str, Any]:
    return {"owner": repo.owner.login, "name": repo.name, "number": 1, **more}


async def test_threads_are_listed_with_their_comments(
    app: App, repo: Repository, pull: Pull
) -> None:
    await post_review(app, repo, on("app.py", 5), on("app.py", 30))
    await app.call(
        "POST",
        "/pulls/1/comments",
        {"commit_id": pull.head_sha, "path": "new.py", "subject_type": "file", "body": "file"},
        repo=repo,
    )
    data = (await query(app, repo, THREADS, **names(repo)))["data"]
    threads = data["repository"]["pullRequest"]["reviewThreads"]
    assert threads["pageInfo"]["hasNextPage"] is False
    shown = [(t["path"], t["line"], t["isResolved"], t["isOutdated"]) for t in threads["nodes"]]
    assert shown == [
        ("app.py", 5, False, False), ("app.py", 30, False, False), ("new.py", None, False, False),
    ]  # fmt: skip
    comment = threads["nodes"][0]["comments"]["nodes"][0]
    assert comment["author"] == {"__typename": "Bot", "login": "harness"}
    assert comment["fullDatabaseId"].isdigit()
    again = await query(app, repo, THREAD_COMMENTS, thread=threads["nodes"][0]["id"])
    assert again["data"]["node"]["comments"]["nodes"] == [comment]


@pytest.mark.usefixtures("pull")
async def test_threads_come_in_pages(app: App, repo: Repository) -> None:
    await post_review(app, repo, *(on("app.py", line) for line in (3, 4, 5)))
    document = THREADS.replace("first: 50, after: $after", "first: 2, after: $after")
    first = (await query(app, repo, document, **names(repo)))["data"]
    page = first["repository"]["pullRequest"]["reviewThreads"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, True)
    second = await query(app, repo, document, **names(repo, after=page["pageInfo"]["endCursor"]))
    rest = second["data"]["repository"]["pullRequest"]["reviewThreads"]
    assert [thread["line"] for thread in rest["nodes"]] == [5]


@pytest.mark.usefixtures("pull")
async def test_resolving_needs_contents_write(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    await post_review(app, repo, on("app.py", 5))
    (thread,) = github.state.threads.values()
    held = {"contents": "read", "pull_requests": "write"}
    refused = await query(app, repo, RESOLVE, held, thread=thread.id)
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    assert thread.resolved_by is None
    done = await query(app, repo, RESOLVE, {"contents": "write"}, thread=thread.id)
    shown = done["data"]["resolveReviewThread"]["thread"]
    assert shown == {"id": thread.id, "isResolved": True, "resolvedBy": {"login": "harness"}}
    opened = RESOLVE.replace("resolveReviewThread", "unresolveReviewThread")
    await query(app, repo, opened, {"contents": "write"}, thread=thread.id)
    assert thread.resolved_by is None


@pytest.mark.usefixtures("pull")
async def test_what_is_missing_or_hidden_is_not_found(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    await github.create_repo("acme", "secret", {"a": "b"})
    for wrong in ({"name": "secret"}, {"name": "none"}, {"number": 9}):
        answer = await query(app, repo, THREADS, **names(repo, **wrong))
        assert answer["errors"][0]["type"] == "NOT_FOUND", wrong
        assert answer["data"] == {"repository": None}
    hidden = await query(app, repo, THREADS, {"checks": "write"}, **names(repo))
    assert hidden["errors"][0]["type"] == "FORBIDDEN"
