"""Comments and reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.errors import GitHubError
from bot.github.repository import RepoClient
from bot.models.diff import Side
from bot.models.github import Comment, DraftComment
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import ok, refused

SHA = "a" * 40
ISSUE = "/repos/octo/demo/issues/5/comments"
PULL = "/repos/octo/demo/pulls/5"
COMMENT = {
    "id": 3_000_000_000,
    "body": "hello",
    "html_url": "https://github.com/c",
    "created_at": "2026-01-02T04:04:05+01:00",
    "user": {"login": "harness-app[bot]", "type": "Bot"},
}
READ = Comment(
    id=3_000_000_000,
    author="harness-app[bot]",
    body="hello",
    url="https://github.com/c",
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


async def test_comments_of_the_conversation(client: RepoClient, github: GitHubApi) -> None:
    one = "/repos/octo/demo/issues/comments/3000000000"
    github.on("GET", ISSUE, ok("GET", ISSUE, [COMMENT]))
    github.on("POST", ISSUE, ok("POST", ISSUE, COMMENT, 201))
    github.on("PATCH", one, ok("PATCH", one, {**COMMENT, "body": "new"}))
    assert await client.issue_comments(5) == [READ]
    assert await client.create_issue_comment(5, "hello") == READ
    assert (await client.update_issue_comment(READ.id, "new")).body == "new"
    assert github.sent("POST", ISSUE) == [{"body": "hello"}]
    assert github.sent("PATCH", one) == [{"body": "new"}]


async def test_our_own_comments_are_known_by_their_author(
    client: RepoClient, github: GitHubApi
) -> None:
    others = [{**COMMENT, "user": {"login": n, "type": "User"}} for n in ("ann", "harness-app")]
    github.on("GET", ISSUE, ok("GET", ISSUE, [*others, COMMENT]))
    authors = [comment.author == client.login for comment in await client.issue_comments(5)]
    assert authors == [False, False, True]


async def test_a_deleted_authors_comment_is_read(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", ISSUE, ok("GET", ISSUE, [{**COMMENT, "user": None}]))
    assert [comment.author for comment in await client.issue_comments(5)] == ["ghost"]


async def test_a_deleted_comment_is_told_apart_from_a_lost_repository(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("PATCH", "/repos/octo/demo/issues/comments/1", refused(404))
    github.on("GET", "/repos/octo/demo", ok("GET", "/repos/o/r", {}))
    with pytest.raises(GitHubError) as error:
        await client.update_issue_comment(1, "x")
    assert error.value.status == 404


@pytest.mark.parametrize("status", [200, 201])
async def test_a_reaction(client: RepoClient, github: GitHubApi, status: int) -> None:
    path = "/repos/octo/demo/issues/comments/3/reactions"
    github.on("POST", path, ok("POST", path, {"content": "eyes"}, status))
    await client.react(3, "eyes")
    assert github.sent("POST", path) == [{"content": "eyes"}]


async def test_a_review_is_one_request_and_never_approves(
    client: RepoClient, github: GitHubApi
) -> None:
    path = f"{PULL}/reviews"
    answer = {"id": 8, "body": "b", "commit_id": SHA, "html_url": "https://github.com/r"}
    github.on("POST", path, ok("POST", path, {**answer, "user": {"login": "x", "type": "Bot"}}))
    posted = await client.create_review(
        5,
        SHA,
        "b",
        [
            DraftComment(path="a b.py", line=3, body="one"),
            DraftComment(path="c", line=9, body="many", start_line=7, side=Side.LEFT),
            DraftComment(path="c", line=9, body="same", start_line=9),
        ],
    )
    assert github.sent("POST", path) == [
        {
            "commit_id": SHA,
            "body": "b",
            "event": "COMMENT",
            "comments": [
                {"path": "a b.py", "line": 3, "side": "RIGHT", "body": "one"},
                {
                    "path": "c",
                    "line": 9,
                    "side": "LEFT",
                    "start_line": 7,
                    "start_side": "LEFT",
                    "body": "many",
                },
                {"path": "c", "line": 9, "side": "RIGHT", "body": "same"},
            ],
        }
    ]
    assert (posted.id, posted.author, posted.body) == (8, "x[bot]", "b")
    assert (posted.commit_sha, posted.url) == (SHA, "https://github.com/r")


async def test_reviews_are_read_from_every_page(client: RepoClient, github: GitHubApi) -> None:
    path = f"{PULL}/reviews"
    more: dict[str, Any] = {
        "Link": f'<{github.base}{path}?page=2>; rel="next", <https://x>; rel="last"'
    }
    github.on("GET", f"{path}?per_page=100", ok("GET", path, [{"id": 1, "commit_id": SHA}], **more))
    github.on(
        "GET", f"{path}?page=2", ok("GET", path, [{"id": 2, "commit_id": None, "user": None}])
    )
    found = await client.reviews(5)
    assert [(r.id, r.commit_sha) for r in found] == [(1, SHA), (2, "")]
    assert found[1].author == "ghost"


async def test_review_comments_have_a_place(client: RepoClient, github: GitHubApi) -> None:
    path = f"{PULL}/comments"
    inline = {**COMMENT, "path": "a.py", "line": 7}
    outdated = {**COMMENT, "path": "a.py", "line": None}
    odd = httpx.Response(200, json=[inline, outdated])
    github.on("GET", path, odd, odd=True)
    assert [(c.path, c.line) for c in await client.review_comments(5)] == [
        ("a.py", 7),
        ("a.py", None),
    ]


async def test_a_comment_on_a_file(client: RepoClient, github: GitHubApi) -> None:
    path = f"{PULL}/comments"
    github.on("POST", path, ok("POST", path, {**COMMENT, "path": "a.py"}, 201))
    posted = await client.create_file_comment(5, SHA, "a.py", "hello")
    assert github.sent("POST", path) == [
        {"commit_id": SHA, "path": "a.py", "body": "hello", "subject_type": "file"}
    ]
    assert (posted.path, posted.line, posted.author) == ("a.py", None, client.login)


async def test_a_lone_surrogate_does_not_cost_the_request(
    client: RepoClient, github: GitHubApi
) -> None:
    path = f"{PULL}/reviews"
    github.on("POST", path, ok("POST", path, {}))
    odd = "a\udcffb\U0001f600"
    await client.create_review(5, SHA, odd, [DraftComment(path=odd, line=3, body="x")])
    sent = github.sent("POST", path)[0]
    assert (sent["body"], sent["comments"][0]["path"]) == ("a\ufffdb\U0001f600",) * 2
    assert sent["comments"][0]["line"] == 3


async def test_a_reply_goes_below_the_threads_first_comment(
    client: RepoClient, github: GitHubApi
) -> None:
    path = f"{PULL}/comments/3000000000/replies"
    github.on("POST", path, ok("POST", path, {**COMMENT, "path": "a.py", "line": 7}, 201))
    posted = await client.reply_in_thread(5, 3_000_000_000, "hello")
    assert github.sent("POST", path) == [{"body": "hello"}]
    assert (posted.author, posted.path, posted.line) == (client.login, "a.py", 7)


async def test_a_reply_to_a_deleted_comment_is_told_apart_from_a_lost_repository(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("POST", f"{PULL}/comments/3/replies", refused(404))
    github.on("GET", "/repos/octo/demo", ok("GET", "/repos/o/r", {}))
    with pytest.raises(GitHubError) as error:
        await client.reply_in_thread(5, 3, "x")
    assert error.value.status == 404


@pytest.mark.parametrize("status", [200, 201])
async def test_a_reaction_in_a_thread(client: RepoClient, github: GitHubApi, status: int) -> None:
    path = "/repos/octo/demo/pulls/comments/3/reactions"
    github.on("POST", path, ok("POST", path, {"content": "eyes"}, status))
    await client.react_in_thread(3, "eyes")
    assert github.sent("POST", path) == [{"content": "eyes"}]
