"""Repositories, pull requests and what is asked about them."""

from __future__ import annotations

import base64

import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from tests.integration.demo.conftest import App


async def test_a_pull_request_tells_both_ends_and_its_size(
    app: App, repo: Repository, pull: Pull
) -> None:
    shown = (await app.call("GET", "/pulls/1", repo=repo)).json()
    assert shown["head"]["sha"] == pull.head_sha
    assert shown["head"]["label"] == "acme:feature"
    assert shown["base"]["ref"] == "main"
    assert (shown["commits"], shown["changed_files"]) == (1, 4)
    assert (shown["additions"], shown["deletions"]) == (5, 3)
    assert shown["user"]["login"] == "mira"


@pytest.mark.usefixtures("pull")
async def test_the_files_carry_patches_and_old_names(app: App, repo: Repository) -> None:
    listed = (await app.call("GET", "/pulls/1/files", repo=repo)).json()
    by_name = {file["filename"]: file for file in listed}
    assert {name: file["status"] for name, file in by_name.items()} == {
        "app.py": "modified",
        "fresh.py": "added",
        "gone.py": "removed",
        "new.py": "renamed",
    }
    assert by_name["new.py"]["previous_filename"] == "old.py"
    assert by_name["app.py"]["patch"].startswith("@@ -2,7 +2,7 @@")
    assert "+changed 30" in by_name["app.py"]["patch"]


async def test_pull_requests_are_listed_by_state_and_branch(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    async def numbers(query: str) -> list[int]:
        return [p["number"] for p in (await app.call("GET", f"/pulls{query}", repo=repo)).json()]

    await github.commit(repo, "second", {"x": "y"})
    await github.open_pull(repo, head="second")
    assert await numbers("") == [2, 1]
    assert await numbers("?head=acme:feature") == [1]
    assert await numbers("?base=other") == []
    await github.close_pull(pull)
    assert await numbers("") == [2]
    assert await numbers("?state=closed") == [1]
    assert await numbers("?state=all&direction=asc") == [1, 2]


async def test_the_deleted_fork_is_null(github: EmbeddedGitHub, app: App, repo: Repository) -> None:
    fork = await github.fork(repo, "outsider")
    await github.commit(fork, "patch", {"app.py": "mine\n"})
    pull = await github.open_pull(repo, head="patch", head_repo=fork, author="outsider")
    shown = (await app.call("GET", "/pulls/1", repo=repo)).json()
    assert shown["head"]["repo"]["full_name"] == "outsider/shop"
    await github.delete_repo(fork)
    shown = (await app.call("GET", "/pulls?state=open", repo=repo)).json()[0]
    assert shown["head"]["repo"] is None
    assert shown["head"]["sha"] == pull.head_sha


async def test_contents_of_files_folders_and_links(github: EmbeddedGitHub, app: App) -> None:
    big = b"x" * (1024 * 1024 + 1)
    repo = await github.create_repo(
        "acme",
        "contents",
        {
            "docs/a b.md": "text",
            "docs/data.bin": b"\x00\xff",
            "link": ("120000", b"docs/a b.md"),
            "big": big,
            "a*": "star",
        },
    )
    file = (await app.call("GET", "/contents/docs/a%20b.md?ref=main", repo=repo)).json()
    assert base64.b64decode(file["content"]) == b"text"
    assert (file["type"], file["size"], file["name"]) == ("file", 4, "a b.md")
    raw = await app.call(
        "GET", "/contents/docs/data.bin", repo=repo,
        headers={"Accept": "application/vnd.github.raw+json"},
    )  # fmt: skip
    assert raw.content == b"\x00\xff"
    folder = (await app.call("GET", "/contents/docs", repo=repo)).json()
    assert [(e["type"], e["path"]) for e in folder] == [
        ("file", "docs/a b.md"), ("file", "docs/data.bin"),
    ]  # fmt: skip
    link = (await app.call("GET", "/contents/link", repo=repo)).json()
    assert (link["type"], link["target"]) == ("symlink", "docs/a b.md")
    large = (await app.call("GET", "/contents/big", repo=repo)).json()
    assert (large["encoding"], large["content"]) == ("none", "")
    star = (await app.call("GET", "/contents/a%2A", repo=repo)).json()
    assert base64.b64decode(star["content"]) == b"star"
    assert (await app.call("GET", "/contents/docs?ref=none", repo=repo)).status_code == 404


@pytest.mark.parametrize(
    ("level", "permission"),
    [
        ("none", "none"), ("read", "read"), ("triage", "read"), ("write", "write"),
        ("maintain", "write"), ("admin", "admin"),
    ],
)  # fmt: skip
async def test_permissions_have_two_names(
    github: EmbeddedGitHub, app: App, repo: Repository, level: str, permission: str
) -> None:
    github.set_permission(repo, "Mira", level)
    shown = (await app.call("GET", "/collaborators/mira/permission", repo=repo)).json()
    assert (shown["permission"], shown["role_name"]) == (permission, level)


async def test_nobody_is_not_a_user(app: App, repo: Repository) -> None:
    answer = await app.call("GET", "/collaborators/nobody/permission", repo=repo)
    assert answer.status_code == 404


async def test_branches_refs_and_commits(app: App, repo: Repository, pull: Pull) -> None:
    branch = (await app.call("GET", "/branches/feature", repo=repo)).json()
    assert branch["commit"]["sha"] == pull.head_sha
    assert branch["commit"]["commit"]["message"] == "Feature"
    ref = (await app.call("GET", "/git/ref/pull/1/head", repo=repo)).json()
    assert ref["object"]["sha"] == pull.head_sha
    commit = (await app.call("GET", f"/commits/{pull.head_sha}", repo=repo)).json()
    assert [parent["sha"] for parent in commit["parents"]] == [pull.base_sha]
    for wrong in ("0" * 40, "HEAD~1", "main^", "-x"):
        assert (await app.call("GET", f"/commits/{wrong}", repo=repo)).status_code == 422
    found = (await app.call("GET", f"/commits/{pull.head_sha}/pulls", repo=repo)).json()
    assert [p["number"] for p in found] == [1]
    compared = (await app.call("GET", "/compare/main...feature", repo=repo)).json()
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("ahead", 1, 0)
    assert compared["merge_base_commit"]["sha"] == pull.base_sha


async def test_the_installation_and_its_repositories(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    await github.create_repo("acme", "second", {"a": "b"})
    found = await app.http.get("/repos/acme/shop/installation", headers=app.proof())
    assert found.json()["id"] == repo.installation_id
    installed = await app.http.get("/app/installations", headers=app.proof())
    assert [item["account"]["login"] for item in installed.json()] == ["acme"]
    token = {"Authorization": f"Bearer {await app.token(repo)}"}
    listed = (await app.http.get("/installation/repositories", headers=token)).json()
    assert [r["full_name"] for r in listed["repositories"]] == ["acme/shop"]


async def test_a_repository_taken_away_is_out_of_reach(
    github: EmbeddedGitHub, app: App, repo: Repository
) -> None:
    headers = {"Authorization": f"Bearer {await app.token(repo)}"}
    await github.uninstall(repo)
    assert (await app.http.get("/repos/acme/shop", headers=headers)).status_code == 404
    answer = await app.http.get("/repos/acme/shop/installation", headers=app.proof())
    assert answer.status_code == 404


async def test_merging_and_queueing_make_real_merge_commits(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull
) -> None:
    queued = await github.queue_merge(pull)
    parents = (await app.call("GET", f"/commits/{queued}", repo=repo)).json()["parents"]
    assert [parent["sha"] for parent in parents] == [pull.base_sha, pull.head_sha]
    merged = await github.merge_pull(pull)
    shown = (await app.call("GET", "/pulls/1", repo=repo)).json()
    assert (shown["merged"], shown["state"], shown["merge_commit_sha"]) == (True, "closed", merged)
    file = (await app.call("GET", "/contents/fresh.py", repo=repo)).json()
    assert base64.b64decode(file["content"]) == b"first\nsecond\n"
