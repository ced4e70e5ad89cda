"""git over HTTP: clone, fetch by SHA, push, and who may."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.state import Pull, Repository
from tests.integration.demo.conftest import BASE, App, git


def address(github: EmbeddedGitHub, repo: Repository, token: str) -> str:
    base = github.url.replace("http://", f"http://x-access-token:{token}@" if token else "http://")
    return f"{base}/{repo.full_name}.git"


@pytest.mark.usefixtures("pull")
async def test_clone_with_a_token_that_may_read(
    github: EmbeddedGitHub, app: App, repo: Repository, tmp_path: Path
) -> None:
    token = await app.token(repo, {"contents": "read"})
    status, said = await git("clone", "-q", address(github, repo, token), str(tmp_path / "c"))
    assert status == 0, said
    assert (tmp_path / "c" / "app.py").read_text() == BASE["app.py"]


@pytest.mark.parametrize("held", [{"pull_requests": "write"}, None])
async def test_clone_without_permission_or_token(
    github: EmbeddedGitHub,
    app: App,
    repo: Repository,
    tmp_path: Path,
    held: dict[str, str] | None,
) -> None:
    token = await app.token(repo, held) if held else ""
    status, said = await git("clone", "-q", address(github, repo, token), str(tmp_path / "c"))
    assert status != 0
    assert "403" in said if held else "could not read Username" in said


async def test_another_private_repository_does_not_exist(
    github: EmbeddedGitHub, app: App, repo: Repository, tmp_path: Path
) -> None:
    other = await github.create_repo("acme", "secret", {"a": "b"})
    token = await app.token(repo)
    status, said = await git("clone", "-q", address(github, other, token), str(tmp_path / "c"))
    assert status != 0
    assert "not found" in said


async def test_everybody_reads_a_public_repository(github: EmbeddedGitHub, tmp_path: Path) -> None:
    repo = await github.create_repo("acme", "open", {"a": "b"}, private=False)
    status, said = await git("clone", "-q", address(github, repo, ""), str(tmp_path / "c"))
    assert status == 0, said


async def test_exact_commits_are_fetched_from_a_bare_repository(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    """Two requests for two commits, as the bot's checkout asks for them."""
    await git("init", "-q", "--bare", str(tmp_path / "m"))
    token = await app.token(repo, {"contents": "read"})
    github.git_http.requests.clear()
    status, said = await git(
        "-c", f"http.extraHeader=Authorization: Bearer {token}", "fetch", "-q", "--no-tags",
        f"{github.url}/{repo.full_name}.git",
        f"+{pull.base_sha}:refs/h/base", f"+{pull.head_sha}:refs/h/head", cwd=tmp_path / "m",
    )  # fmt: skip
    assert status == 0, said
    assert [method for method, _ in github.git_http.requests] == ["GET", "POST"]
    _, head = await git("rev-parse", "refs/h/head", cwd=tmp_path / "m")
    assert head.strip() == pull.head_sha


async def test_a_forks_head_is_fetched_from_the_base_repository(
    github: EmbeddedGitHub, app: App, repo: Repository, tmp_path: Path
) -> None:
    fork = await github.fork(repo, "outsider")
    sha = await github.commit(fork, "patch", {"app.py": "mine\n"})
    pull = await github.open_pull(repo, head="patch", head_repo=fork, author="outsider")
    await github.push(fork, "patch", {"app.py": "mine again\n"}, by="outsider")
    await github.delete_repo(fork)
    await git("init", "-q", "--bare", str(tmp_path / "m"))
    where = address(github, repo, await app.token(repo, {"contents": "read"}))
    for wanted in (sha, pull.head_sha):
        status, said = await git("fetch", "-q", where, wanted, cwd=tmp_path / "m")
        assert status == 0, said
    _, refs = await git("ls-remote", where)
    names = {line.split("\t")[1] for line in refs.splitlines()}
    assert names == {"HEAD", "refs/heads/main", "refs/pull/1/head"}
    status, said = await git("fetch", "-q", where, "0" * 39 + "1", cwd=tmp_path / "m")
    assert status != 0


async def test_a_push_moves_the_pull_request(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    before = pull.head_sha
    where = address(github, repo, await app.token(repo, {"contents": "write"}))
    await git("clone", "-q", "--branch", "feature", where, str(tmp_path / "c"))
    (tmp_path / "c" / "large.bin").write_bytes(bytes(range(256)) * 12_000)
    await git("add", ".", cwd=tmp_path / "c")
    await git("commit", "-q", "-m", "large", cwd=tmp_path / "c")
    status, said = await git("push", "-q", where, "HEAD:refs/heads/feature", cwd=tmp_path / "c")
    assert status == 0, said
    assert pull.heads == [before, pull.head_sha]
    assert await github.git.sha(repo.path, "refs/pull/1/head") == pull.head_sha


async def test_who_may_not_push(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    github.set_permission(repo, "reader", "read")
    reading = address(github, repo, await app.token(repo, {"contents": "read"}))
    await git("clone", "-q", reading, str(tmp_path / "c"))
    for where in (reading, address(github, repo, github.person_token("reader"))):
        status, said = await git("push", where, "HEAD:refs/heads/new", cwd=tmp_path / "c")
        assert status != 0
        assert "403" in said
    github.set_permission(repo, "writer", "write")
    where = address(github, repo, github.person_token("writer"))
    status, said = await git("push", where, "HEAD:refs/pull/1/head", cwd=tmp_path / "c")
    assert status != 0
    assert "hidden ref" in said
    status, said = await git("push", where, "HEAD:refs/heads/new", cwd=tmp_path / "c")
    assert status == 0, said
    assert set(await github.git.branches(repo.path)) == {"main", "feature", "new"}
    assert pull.state == "open"


async def test_a_lease_on_a_moved_branch_is_refused(
    github: EmbeddedGitHub, app: App, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    where = address(github, repo, await app.token(repo, {"contents": "write"}))
    await git("clone", "-q", "--branch", "feature", where, str(tmp_path / "c"))
    stale = pull.head_sha
    await github.push(repo, "feature", {"app.py": "by a person\n"})
    status, said = await git(
        "push", f"--force-with-lease=refs/heads/feature:{stale}", "--atomic", where,
        "HEAD~0:refs/heads/feature", cwd=tmp_path / "c",
    )  # fmt: skip
    assert status != 0
    assert "rejected" in said
    assert pull.head_sha != stale


async def test_deleting_the_branch_closes_the_pull_request(
    github: EmbeddedGitHub, repo: Repository, pull: Pull, tmp_path: Path
) -> None:
    github.set_permission(repo, "mira", "write")
    where = address(github, repo, github.person_token("mira"))
    await git("init", "-q", str(tmp_path / "c"))
    status, said = await git("push", where, ":refs/heads/feature", cwd=tmp_path / "c")
    assert status == 0, said
    assert pull.state == "closed"


async def test_the_dumb_protocol_and_other_services_are_refused(
    github: EmbeddedGitHub, repo: Repository
) -> None:
    async with httpx.AsyncClient(base_url=github.url, trust_env=False) as http:
        for query in ("", "?service=git-upload-archive"):
            answer = await http.get(f"/{repo.full_name}.git/info/refs{query}")
            assert answer.status_code == 403
        answer = await http.post(f"/{repo.full_name}.git/git-upload-archive")
        assert answer.status_code == 404
