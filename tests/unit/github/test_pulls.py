"""Pull requests, permissions, files and branches."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from bot.errors import AccessLost, GitHubError
from bot.github.repository import RepoClient
from bot.models.github import Permission, Repo
from tests.fakes.github_api import GitHubApi
from tests.unit.github.conftest import ok, refused

SHA = "a" * 40
BASE = {"ref": "main", "sha": "b" * 40, "repo": {"full_name": "octo/demo", "default_branch": "dev"}}
PULL: dict[str, Any] = {
    "number": 5,
    "title": "Fix it",
    "body": None,
    "state": "open",
    "draft": True,
    "user": {"login": "ann", "type": "User"},
    "labels": [{"name": "bug"}, {"name": "wip"}],
    "base": BASE,
    "head": {"ref": "fix", "sha": SHA, "repo": {"full_name": "ann/demo"}},
    "maintainer_can_modify": True,
}


async def test_a_pull_request_is_read_whole(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", "/repos/octo/demo/pulls/5", ok("GET", "/repos/o/r/pulls/5", PULL))
    pull = await client.pull(5)
    assert (pull.number, pull.title, pull.body, pull.author) == (5, "Fix it", "", "ann")
    assert (pull.state, pull.draft, pull.merged) == ("open", True, False)
    assert pull.labels == ("bug", "wip")
    assert (pull.base_ref, pull.base_sha, pull.default_branch) == ("main", "b" * 40, "dev")
    assert (pull.head_ref, pull.head_sha) == ("fix", SHA)
    assert pull.repo == Repo(owner="octo", name="demo")
    assert pull.head_repo == Repo(owner="ann", name="demo")
    assert pull.from_fork
    assert pull.maintainer_can_modify


async def test_a_deleted_fork_and_a_deleted_author_are_no_accident(
    client: RepoClient, github: GitHubApi
) -> None:
    odd = {**PULL, "user": None, "labels": None, "head": {"ref": "fix", "sha": SHA, "repo": None}}
    github.on("GET", "/repos/octo/demo/pulls/5", httpx.Response(200, json=odd), odd=True)
    pull = await client.pull(5)
    assert (pull.author, pull.head_repo, pull.from_fork) == ("ghost", None, True)
    assert pull.labels == ()


@pytest.mark.parametrize("missing", ["number", "base", "head", "state"])
async def test_a_pull_request_without_its_core_is_an_error_of_github(
    client: RepoClient, github: GitHubApi, missing: str
) -> None:
    odd = {key: value for key, value in PULL.items() if key != missing}
    github.on("GET", "/repos/octo/demo/pulls/5", httpx.Response(200, json=odd), odd=True)
    with pytest.raises(GitHubError, match=missing):
        await client.pull(5)


async def test_a_missing_pull_request_is_told_apart_from_a_lost_repository(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", "/repos/octo/demo/pulls/5", refused(404, "Not Found"))
    github.on("GET", "/repos/octo/demo", ok("GET", "/repos/o/r", {}), refused(404, "Not Found"))
    with pytest.raises(GitHubError) as missing:
        await client.pull(5)
    assert missing.value.status == 404
    with pytest.raises(AccessLost, match="octo/demo"):
        await client.pull(5)


async def test_access_that_cannot_be_checked_is_not_called_lost(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", "/repos/octo/demo/pulls/5", refused(404, "Not Found"))
    github.on("GET", "/repos/octo/demo", refused(418), odd=True)
    with pytest.raises(GitHubError, match="418"):
        await client.pull(5)


async def test_a_lost_repository_costs_its_token(client: RepoClient, github: GitHubApi) -> None:
    github.on(
        "GET", "/repos/octo/demo/pulls/5", refused(404), ok("GET", "/repos/o/r/pulls/5", PULL)
    )
    github.on("GET", "/repos/octo/demo", refused(404))
    with pytest.raises(AccessLost):
        await client.pull(5)
    await client.pull(5)
    assert github.requests[-1].headers["authorization"] == "Bearer t2"


async def test_open_pulls_come_from_every_page(client: RepoClient, github: GitHubApi) -> None:
    path = "/repos/octo/demo/pulls"
    more: dict[str, Any] = {"link": f'<{github.base}{path}?page=2&per_page=100>; rel="next"'}
    one, two = ({**PULL, "number": n} for n in (1, 2))
    github.on(
        "GET", f"{path}?state=open&per_page=100", ok("GET", "/repos/o/r/pulls", [one], **more)
    )
    github.on("GET", f"{path}?page=2&per_page=100", ok("GET", "/repos/o/r/pulls", [two]))
    assert [pull.number for pull in await client.open_pulls()] == [1, 2]


async def test_pulls_of_a_head_are_those_with_exactly_this_open_head(
    client: RepoClient, github: GitHubApi
) -> None:
    path = f"/repos/octo/demo/commits/{SHA}/pulls"
    contains = {**PULL, "number": 6, "head": {**PULL["head"], "sha": "c" * 40}}
    closed = {**PULL, "number": 7, "state": "closed"}
    github.on("GET", path, ok("GET", path, [contains, closed, PULL]))
    assert [pull.number for pull in await client.pulls_for_head(SHA)] == [5]
    assert github.count("GET", "/repos/octo/demo/pulls") == 0


@pytest.mark.parametrize("answer", [httpx.Response(200, json=[]), refused(422, "No commit found")])
async def test_a_forks_head_is_found_among_the_open_ones(
    client: RepoClient, github: GitHubApi, answer: httpx.Response
) -> None:
    other = {**PULL, "number": 6, "head": {**PULL["head"], "sha": "c" * 40}}
    github.on("GET", f"/repos/octo/demo/commits/{SHA}/pulls", answer)
    github.on("GET", "/repos/octo/demo/pulls", ok("GET", "/repos/o/r/pulls", [other, PULL]))
    assert [pull.number for pull in await client.pulls_for_head(SHA)] == [5]


@pytest.mark.parametrize(
    ("permission", "role", "expected"),
    [
        ("admin", "admin", Permission.ADMIN),
        ("write", "write", Permission.WRITE),
        ("write", "maintain", Permission.MAINTAIN),
        ("read", "read", Permission.READ),
        ("read", "triage", Permission.TRIAGE),
        ("none", "none", Permission.NONE),
        ("read", "security-reviewer", Permission.READ),
        ("write", "release-manager", Permission.WRITE),
        ("read", "maintain", Permission.READ),
        ("read", "admin", Permission.READ),
        ("owner", "owner", Permission.NONE),
    ],
)
async def test_permission_folds_the_role_in_and_never_raises_it(
    client: RepoClient, github: GitHubApi, permission: str, role: str, expected: Permission
) -> None:
    path = "/repos/octo/demo/collaborators/ann/permission"
    github.on("GET", path, ok("GET", path, {"permission": permission, "role_name": role}))
    assert await client.permission("ann") is expected


async def test_permission_of_a_stranger_and_of_nobody_is_none(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", "/repos/octo/demo/collaborators/eve%5Bbot%5D/permission", refused(404))
    assert await client.permission("eve[bot]") is Permission.NONE
    assert await client.permission("") is Permission.NONE


async def test_permission_that_cannot_be_asked_is_an_error_and_no_answer(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on(
        "GET", "/repos/octo/demo/collaborators/ann/permission", refused(403, "not accessible")
    )
    github.on("GET", "/repos/octo/demo/collaborators/bob/permission", refused(418), odd=True)
    with pytest.raises(AccessLost):
        await client.permission("ann")
    with pytest.raises(GitHubError, match="418"):
        await client.permission("bob")


async def test_a_login_cannot_climb_to_another_endpoint(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on("GET", "/repos/octo/demo/collaborators/..%2F..%2F%3Fx%23/permission", refused(404))
    assert await client.permission("../../?x#") is Permission.NONE
    with pytest.raises(GitHubError, match="nothing of the name"):
        await client.permission("..")


FILE = "/repos/octo/demo/contents/.github/harness.yml"


def _file(raw: bytes, **given: object) -> httpx.Response:
    body = {"type": "file", "encoding": "base64", "content": base64.encodebytes(raw).decode()}
    return httpx.Response(200, json={**body, **given})


async def test_a_file_is_read_at_a_commit(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", f"{FILE}?ref={SHA}", _file(b"agents: [ruff]\n\xff" * 9), odd=True)
    assert await client.file(".github/harness.yml", SHA) == b"agents: [ruff]\n\xff" * 9


async def test_what_is_not_a_file_is_none(client: RepoClient, github: GitHubApi) -> None:
    github.on("GET", FILE, refused(404))
    github.on("GET", "/repos/octo/demo/contents/src", httpx.Response(200, json=[]))
    github.on("GET", "/repos/octo/demo/contents/sub", _file(b"", type="submodule"), odd=True)
    assert await client.file(".github/harness.yml", SHA) is None
    assert await client.file("src", SHA) is None
    assert await client.file("sub", SHA) is None


async def test_a_file_that_github_does_not_show_is_not_taken_for_empty(
    client: RepoClient, github: GitHubApi
) -> None:
    github.on(
        "GET", FILE, _file(b"", encoding="none"), refused(403, "too large to fetch"), odd=True
    )
    github.on("GET", "/repos/octo/demo/contents/x", _file(b"", content="!!!!a"), odd=True)
    for _ in range(2):
        with pytest.raises(GitHubError, match="large"):
            await client.file(".github/harness.yml", SHA)
    with pytest.raises(GitHubError, match="base64"):
        await client.file("x", SHA)


async def test_branches_are_quoted_and_the_default_one_is_asked_for(
    client: RepoClient, github: GitHubApi
) -> None:
    for name in ("feature%2F%C3%BC", "dev"):
        path = f"/repos/octo/demo/branches/{name}"
        github.on("GET", path, ok("GET", path, {"commit": {"sha": name}}))
    assert await client.branch_sha("feature/ü") == "feature%2F%C3%BC"
