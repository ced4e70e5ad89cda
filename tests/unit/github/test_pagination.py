"""Lists, page by page."""

from __future__ import annotations

import httpx
import pytest

from bot.errors import GitHubError
from bot.github import pagination
from bot.github.repository import RepoClient
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import ok

PATH = "/repos/octo/demo/pulls/5/comments"


async def test_a_list_that_leads_back_to_itself_ends(client: RepoClient, github: GitHubApi) -> None:
    again = f'<{github.base}{PATH}?page=1>; rel="next"'
    github.on("GET", PATH, ok("GET", PATH, [], Link=again))
    with pytest.raises(GitHubError, match="no end"):
        await client.review_comments(5)
    assert github.count("GET", PATH) == 2


async def test_a_list_without_end_is_an_error_and_no_short_list(
    client: RepoClient, github: GitHubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "PAGES", 4)

    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1")) + 1
        return ok("GET", PATH, [{}], Link=f'<{github.base}{PATH}?page={number}>; rel="next"')

    github.on("GET", PATH, page)
    with pytest.raises(GitHubError, match="no end"):
        await client.review_comments(5)
    assert github.count("GET", PATH) == 4


async def test_a_list_under_another_name_is_not_taken_for_empty(
    client: RepoClient, github: GitHubApi
) -> None:
    path = f"/repos/octo/demo/commits/{'a' * 40}/check-runs"
    github.on("GET", path, httpx.Response(200, json={"total_count": 0}), odd=True)
    with pytest.raises(GitHubError, match="check_runs"):
        await client.checks("a" * 40, "harness")
