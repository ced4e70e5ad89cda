"""Every request the client can send is one that GitHub takes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import AccessLost
from bot.github.repository import RepoClient
from bot.models.github import Annotation, CheckRun, CheckStatus, Conclusion, DraftComment
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import refused

SHA = "a" * 40
CHECK = CheckRun(
    name="harness",
    head_sha=SHA,
    status=CheckStatus.COMPLETED,
    title="t",
    summary="s",
    text="x",
    conclusion=Conclusion.ACTION_REQUIRED,
    external_id="r1",
    details_url="https://harness.example",
    annotations=(
        Annotation(path="a", start_line=1, end_line=2, level="failure", message="m", title=""),
    ),
)
RUNNING = CheckRun(name="harness", head_sha=SHA, status=CheckStatus.QUEUED, title="t", summary="s")
DRAFTS = [
    DraftComment(path="a", line=2, body="b"),
    DraftComment(path="a", line=4, body="b", start_line=2),
]
Call = Callable[[RepoClient], Awaitable[object]]
CALLS: dict[str, tuple[str, Call]] = {
    "pull": ("pulls/get", lambda c: c.pull(5)),
    "open_pulls": ("pulls/list", lambda c: c.open_pulls()),
    "pulls_for_head": (
        "repos/list-pull-requests-associated-with-commit",
        lambda c: c.pulls_for_head(SHA),
    ),
    "permission": ("repos/get-collaborator-permission-level", lambda c: c.permission("a[bot]")),
    "file": ("repos/get-content", lambda c: c.file(".github/ü x.yml", "feature/x")),
    "branch_sha": ("repos/get-branch", lambda c: c.branch_sha("feature/x")),
    "create_check": ("checks/create", lambda c: c.create_check(CHECK)),
    "update_check": ("checks/update", lambda c: c.update_check(1, CHECK)),
    "tell_check": ("checks/update", lambda c: c.tell_check(1, "t", "s")),
    "checks": ("checks/list-for-ref", lambda c: c.checks(SHA, "harness")),
    "issue": ("issues/get", lambda c: c.issue(5)),
    "issue_comments": ("issues/list-comments", lambda c: c.issue_comments(5)),
    "create_issue_comment": ("issues/create-comment", lambda c: c.create_issue_comment(5, "b")),
    "update_issue_comment": ("issues/update-comment", lambda c: c.update_issue_comment(5, "b")),
    "react": ("reactions/create-for-issue-comment", lambda c: c.react(5, "eyes")),
    "react_in_thread": (
        "reactions/create-for-pull-request-review-comment",
        lambda c: c.react_in_thread(5, "eyes"),
    ),
    "reply_in_thread": (
        "pulls/create-reply-for-review-comment",
        lambda c: c.reply_in_thread(5, 6, "b"),
    ),
    "reviews": ("pulls/list-reviews", lambda c: c.reviews(5)),
    "create_review": ("pulls/create-review", lambda c: c.create_review(5, SHA, "b", DRAFTS)),
    "review_comments": ("pulls/list-review-comments", lambda c: c.review_comments(5)),
    "create_file_comment": (
        "pulls/create-review-comment",
        lambda c: c.create_file_comment(5, SHA, "a", "b"),
    ),
    "threads": ("graphql", lambda c: c.threads(5)),
    "resolve_thread": ("graphql", lambda c: c.resolve_thread("T")),
    "unresolve_thread": ("graphql", lambda c: c.unresolve_thread("T")),
}


SETTLING = {"resolve_thread", "unresolve_thread"}
"""A refusal is an answer to these: see `test_threads.py`."""


def test_no_method_is_left_out() -> None:
    public = {
        name
        for name, member in inspect.getmembers(RepoClient, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert public == {*CALLS, *SETTLING}


@pytest.mark.parametrize("method", CALLS)
async def test_a_request_is_valid(client: RepoClient, github: GitHubApi, method: str) -> None:
    """GitHub refuses each: what was sent has been checked by then."""
    operation, call = CALLS[method]
    github.otherwise(refused(403, "not today"))
    with pytest.raises(AccessLost, match="not today"):
        await call(client)
    assert operation in github.operations


@pytest.mark.parametrize("check", [CHECK, RUNNING])
async def test_both_kinds_of_checks_are_valid(
    client: RepoClient, github: GitHubApi, check: CheckRun
) -> None:
    github.on("PATCH", "/repos/octo/demo/check-runs/1", refused(403))
    github.on("POST", "/repos/octo/demo/check-runs", refused(403))
    for call in (client.create_check(check), client.update_check(1, check)):
        with pytest.raises(AccessLost):
            await call
    assert {"checks/create", "checks/update"} <= github.operations
