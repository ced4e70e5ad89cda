"""Reviews and comments: where GitHub takes them, where it refuses, what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from tests.integration.demo.conftest import App


async def post_review(app: App, repo: Repository, *comments: dict[str, Any], **more: Any) -> Any:
    body = {"event": "COMMENT", "body": "found", "comments": list(comments), **more}
    return await app.call("POST", "/pulls/1/reviews", body, repo=repo)


def on(path: str, line: int, **more: Any) -> dict[str, Any]:
    return {"path": path, "line": line, "side": "RIGHT", "body": "wrong", **more}


@pytest.mark.usefixtures("pull")
async def test_a_review_lands_on_lines_of_the_diff(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    answer = await post_review(
        app,
        repo,
        on("app.py", 5),
        on("app.py", 8, start_line=3, start_side="RIGHT"),
        on("app.py", 5, side="LEFT"),
        on("gone.py", 1, side="LEFT"),
        on("new.py", 6),
    )
    assert answer.status_code == 200, answer.text
    listed = (await app.call("GET", "/pulls/1/comments", repo=repo)).json()
    places = [(c["path"], c["start_line"], c["line"], c["side"]) for c in listed]
    assert places == [
        ("app.py", None, 5, "RIGHT"),
        ("app.py", 3, 8, "RIGHT"),
        ("app.py", None, 5, "LEFT"),
        ("gone.py", None, 1, "LEFT"),
        ("new.py", None, 6, "RIGHT"),
    ]
    assert listed[0]["diff_hunk"].splitlines()[-1] == "+changed 5"
    assert {c["pull_request_review_id"] for c in listed} == {answer.json()["id"]}
    assert len(github.state.threads) == 5


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (on("app.py", 15), "Pull request review thread line must be part of the diff"),
        (on("app.py", 40), "Pull request review thread line must be part of the diff"),
        (on("gone.py", 1), "Pull request review thread line must be part of the diff"),
        (on("nowhere.py", 1), "Path could not be resolved"),
        (on("old.py", 1), "Path could not be resolved"),
        (on("app.py", 5, start_line=5), "start line must precede the end line"),
        (on("app.py", 5, start_line=8), "start line must precede the end line"),
        (on("app.py", 30, start_line=5), "must be part of the same hunk as the line"),
    ],
)
@pytest.mark.usefixtures("pull")
async def test_one_wrong_anchor_refuses_the_whole_review(
    github: EmbeddedGitHub, app: App, repo: Repository, comment: dict[str, Any], words: str
) -> None:
    answer = await post_review(app, repo, on("app.py", 5), comment)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Unprocessable Entity"
    assert words in answer.json()["errors"][0]
    assert not github.state.review_comments
    assert not github.state.reviews


@pytest.mark.usefixtures("pull")
async def test_a_review_is_checked_before_it_is_placed(app: App, repo: Repository) -> None:
    long = "x" * 65_537
    for comments, more in (
        ([on("app.py", 5, body=long)], {}),
        ([on("app.py", 5, body=" ")], {}),
        ([on("app.py", 5, subject_type="file")], {}),
        ([{"path": "app.py", "body": "no line"}], {}),
        ([on("app.py", 5, side="MIDDLE")], {}),
        ([], {"body": ""}),
        ([], {"body": long}),
        ([], {"event": "SHOUT"}),
        ([], {"commit_id": "0" * 40}),
    ):
        answer = await post_review(app, repo, *comments, **more)
        assert answer.status_code == 422, (comments, more)
    assert (await post_review(app, repo, body="y" * 65_536)).status_code == 200


async def test_a_comment_on_a_line_and_on_a_file(app: App, repo: Repository, pull: Pull) -> None:
    base = {"commit_id": pull.head_sha, "body": "wrong"}
    line = await app.call("POST", "/pulls/1/comments", {**base, **on("app.py", 5)}, repo=repo)
    assert (line.status_code, line.json()["line"]) == (201, 5)
    file = await app.call(
        "POST", "/pulls/1/comments", {**base, "path": "new.py", "subject_type": "file"}, repo=repo
    )
    assert file.status_code == 201
    assert file.json()["subject_type"] == "file"
    assert "line" not in file.json()
    outside = await app.call("POST", "/pulls/1/comments", {**base, **on("app.py", 15)}, repo=repo)
    assert outside.status_code == 422
    assert outside.json()["errors"][0] == {
        "resource": "PullRequestReviewComment",
        "code": "custom",
        "field": "pull_request_review_thread.line",
        "message": "pull_request_review_thread.line must be part of the diff",
    }
    missing = await app.call(
        "POST",
        "/pulls/1/comments",
        {**base, "path": "README.md", "subject_type": "file"},
        repo=repo,
    )
    assert missing.status_code == 422


async def test_answers_stay_in_their_thread(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    first = await app.call(
        "POST", "/pulls/1/comments", {"commit_id": pull.head_sha, **on("app.py", 5)}, repo=repo
    )
    number = first.json()["id"]
    one = await app.call("POST", f"/pulls/1/comments/{number}/replies", {"body": "why?"}, repo=repo)
    two = await app.call(
        "POST", "/pulls/1/comments", {"body": "so", "in_reply_to": one.json()["id"]}, repo=repo
    )
    assert (one.status_code, two.status_code) == (201, 201)
    assert {one.json()["in_reply_to_id"], two.json()["in_reply_to_id"]} == {number}
    assert len(github.state.threads) == 1
    for wrong in (1, one.json()["id"]):
        path = f"/pulls/1/comments/{wrong}/replies"
        refused = await app.call("POST", path, {"body": "?"}, repo=repo)
        assert refused.status_code == 404
    assert len(github.state.review_comments) == 3


async def test_comments_follow_their_lines_or_are_outdated(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    await post_review(app, repo, on("app.py", 5), on("app.py", 30), on("fresh.py", 2))
    text = "".join(
        f"changed {number}\n" if number == 5 else f"line {number}\n" for number in range(1, 41)
    )
    await github.push(repo, "feature", {"app.py": "new first line\n" + text, "fresh.py": None})
    moved, changed, gone = github.review_comments(pull)
    assert (moved.line, moved.original_line, moved.commit_id) == (6, 5, pull.head_sha)
    assert (changed.line, changed.outdated) == (None, True)
    assert gone.outdated
    assert changed.commit_id == changed.original_commit_id
    listed = (await app.call("GET", "/pulls/1/comments", repo=repo)).json()
    assert [(c["line"], c["original_line"]) for c in listed] == [(6, 5), (None, 30), (None, 2)]


async def test_a_review_of_an_older_head_is_taken(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    first = pull.head_sha
    await github.push(repo, "feature", {"app.py": "all new\n"}, start="main")
    answer = await post_review(app, repo, on("app.py", 5), commit_id=first)
    assert answer.status_code == 200, answer.text
    assert answer.json()["commit_id"] == first


@pytest.mark.usefixtures("pull")
async def test_the_conversation_can_be_read_written_and_reacted_to(
    app: App, repo: Repository
) -> None:
    made = (await app.call("POST", "/issues/1/comments", {"body": "hello"}, repo=repo)).json()
    assert made["user"]["login"] == "harness[bot]"
    assert made["performed_via_github_app"]["slug"] == "harness"
    path = f"/issues/comments/{made['id']}"
    edited = await app.call("PATCH", path, {"body": "hello again"}, repo=repo)
    assert edited.json()["body"] == "hello again"
    for expected in (201, 200):
        reacted = await app.call("POST", f"{path}/reactions", {"content": "eyes"}, repo=repo)
        assert reacted.status_code == expected
    wrong = await app.call("POST", f"{path}/reactions", {"content": "shrug"}, repo=repo)
    assert wrong.status_code == 422
    talk_only = await app.call(
        "POST",
        f"{path}/reactions",
        {"content": "heart"},
        repo=repo,
        permissions={"pull_requests": "write"},
    )
    assert talk_only.status_code == 403
    assert (await app.call("GET", path, repo=repo)).json()["reactions"]["eyes"] == 1
    long = await app.call("PATCH", path, {"body": "x" * 65_537}, repo=repo)
    assert long.status_code == 422
    assert "65536" in long.json()["errors"][0]["message"]
    assert (await app.call("DELETE", path, repo=repo)).status_code == 204
    assert (await app.call("GET", path, repo=repo)).status_code == 404


@pytest.mark.usefixtures("pull")
async def test_lists_come_in_pages(app: App, repo: Repository) -> None:
    for number in range(5):
        await app.call("POST", "/issues/1/comments", {"body": str(number)}, repo=repo)
    token = {"Authorization": f"Bearer {await app.token(repo)}"}
    url, seen = "/repos/acme/shop/issues/1/comments?per_page=2", []
    while url:
        answer = await app.http.get(url, headers=token)
        seen += [comment["body"] for comment in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == ["0", "1", "2", "3", "4"]
