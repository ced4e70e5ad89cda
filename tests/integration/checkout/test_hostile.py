"""What a stranger's head, a hostile server and a curious neighbour try, and do not get."""

import asyncio
import os
import time
from base64 import b64encode
from pathlib import Path

import pytest

from bot.checkout.files import read_file
from bot.checkout.git import Git, Place
from bot.checkout.mirror import Mirrors
from bot.errors import AccessLost, ConfigurationError, GiveUp, TreeRefused
from bot.models import Repo
from tests.fakes.git_repo import git
from tests.fakes.git_server import GitServer
from tests.integration.checkout.conftest import HELLO, paths

TOKEN = "ghs_sentinelTokenThatMustNotLeak"
SECRETS = (TOKEN.encode(), b64encode(f"x-access-token:{TOKEN}".encode()))


@pytest.fixture
def base(upstream):
    return upstream.commit({"a.py": b"1\n"}, branch="main")


def refused_trees(upstream):
    """Names that git must not accept, each as a tree object."""
    blob = upstream.blob(b"x")
    below = upstream.tree([("100644", b"config", blob)])
    return {
        "hasDotgit": upstream.tree([("40000", b".git", below)]),
        "hasDotgit ": upstream.tree([("40000", b".GIT", below)]),
        "hasDotgit  ": upstream.tree([("40000", b"git~1", below)]),
        "hasDotdot": upstream.tree([("40000", b"..", below)]),
        "fullPathname": upstream.tree([("100644", b"a/b", blob)]),
        "duplicateEntries": upstream.tree([("120000", b"a", blob), ("40000", b"a", below)]),
    }


async def test_trees_that_are_not_well_formed_are_refused_with_gits_reason(upstream, again, base):
    for reason, tree in refused_trees(upstream).items():
        head = upstream.commit_tree(tree, base)
        with pytest.raises(TreeRefused, match=reason.strip()):
            await again().fetch(base, head, 1)

    await again().fetch(base, base, 1)
    refs = git(again().git_dir, "for-each-ref", "--format=%(refname)").decode().split()
    assert refs == [f"refs/h/pr/1/{base}"]


async def test_an_invalid_gitmodules_is_refused_with_its_reason(upstream, mirror, base):
    content = b'[submodule "x"]\n\tpath = x\n\turl = https://x.example\n\tupdate = !touch /tmp/y\n'
    head = upstream.commit({".gitmodules": content}, base)

    with pytest.raises(TreeRefused, match="gitmodulesUpdate"):
        await mirror.fetch(base, head, 1)


async def test_old_blemishes_of_commit_headers_are_no_reason_to_refuse(upstream, mirror, base):
    tree = git(upstream.path, "rev-parse", f"{base}^{{tree}}").decode().strip()
    commit = (
        f"tree {tree}\nparent {base}\nauthor a<a@b.c> 1 +051800\ncommitter a <a@b> 01 +0000\n\n"
    )
    write = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
    head = git(upstream.path, *write, stdin=commit.encode()).decode().strip()

    await mirror.fetch(base, head, 1)

    assert (await mirror.diff(base, head)).files == ()


def entries(count: int, blob: str) -> list[tuple[str, bytes, str]]:
    return [("100644", b"f%05d" % number, blob) for number in range(count)]


@pytest.mark.parametrize("kind", ["wide", "deep", "flat"])
async def test_bombs_are_refused_by_name_and_quickly(upstream, mirror, base, kind):
    blob = upstream.blob(b"x")
    if kind == "wide":  # 10^5 files from six objects
        tree = upstream.tree(entries(10, blob))
        for _level in range(4):
            tree = upstream.tree([("40000", b"%d" % n, tree) for n in range(10)])
    elif kind == "deep":
        tree = upstream.tree([("100644", b"f", blob)])
        for _level in range(200):
            tree = upstream.tree([("40000", b"d", tree)])
    else:
        tree = upstream.tree(entries(50_001, blob))
    head = upstream.commit_tree(tree, base)
    await mirror.fetch(base, head, 1)
    began = time.perf_counter()

    with pytest.raises(TreeRefused, match=r"more than 50,000 files|deeper than 100 levels"):
        await mirror.diff(base, head)

    # A second when nothing else runs; the machine that runs tests is shared.
    assert time.perf_counter() - began < 5
    with pytest.raises(TreeRefused):
        async with mirror.workspace(base, head, 1):
            pass
    assert paths(mirror.git_dir.parents[2] / "trees") == {"octo/hello/1/0/lock"}


async def test_links_are_links_and_never_followed(upstream, mirror, base):
    head = upstream.commit(
        {
            "passwd": ("120000", b"/etc/passwd"),
            "up": ("120000", b".."),
            "CLAUDE.md": ("120000", b"/etc/passwd"),
        },
        base,
    )
    await mirror.fetch(base, head, 1)

    async with mirror.workspace(base, head, 1) as workspace:
        assert (workspace.tree / "passwd").is_symlink()
        assert not (workspace.tree / "CLAUDE.md").is_symlink()
        for path in ("passwd", "up/change.diff", "up/index", "CLAUDE.md"):
            assert read_file(workspace.tree, path, 10_000) is None
        assert read_file(workspace.tree, "a.py", 10_000) == b"1\n"


async def test_no_hook_filter_or_driver_of_the_mirror_ever_runs(upstream, again, base, tmp_path):
    """Even if somebody managed to write the mirror's own configuration."""
    await again().fetch(base, base, 1)
    canary = tmp_path / "canary"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    program.chmod(0o755)
    mirror_dir = again().git_dir
    (mirror_dir / "hooks").mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-checkout", "post-index-change", "pre-push"):
        (mirror_dir / "hooks" / hook).symlink_to(program)
    with (mirror_dir / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {program}\n\thooksPath = {mirror_dir}/hooks\n")
        config.write(f"\tpager = {program}\n[uploadpack]\n\tpackObjectsHook = {program}\n")
        config.write(f'[filter "x"]\n\tsmudge = {program}\n\tclean = {program}\n')
        config.write(f"[diff]\n\texternal = {program}\n")
        config.write(f'[diff "x"]\n\ttextconv = {program}\n\tcommand = {program}\n')
        config.write(f"[credential]\n\thelper = {program}\n")
    head = upstream.commit({"a.py": b"2\n", ".gitattributes": b"* filter=x diff=x\n"}, base)

    await again().fetch(base, head, 1)
    diff = await again().diff(base, head)
    async with again().workspace(base, head, 1):
        pass
    await again().forget(1)

    assert len(diff.files) == 2
    assert not canary.exists()


async def test_the_token_is_nowhere_but_in_the_request(upstream, server, again, base, tmp_path):
    server.token = TOKEN
    head = upstream.commit({"big": os.urandom(3_000_000)}, base)
    leaks: set[str] = set()
    looked = 0

    async def watch() -> None:
        nonlocal looked
        while True:
            for process in Path("/proc").iterdir():
                if process.name.isdigit() and "git" in _content(process / "comm").decode():
                    looked += 1
                    for file in ("cmdline", "environ"):
                        if any(secret in _content(process / file) for secret in SECRETS):
                            leaks.add(f"{_content(process / 'cmdline')!r} {file}")
            await asyncio.sleep(0.001)

    watcher = asyncio.create_task(watch())
    await again().fetch(base, head, 1)
    watcher.cancel()
    await asyncio.gather(watcher, return_exceptions=True)

    assert looked > 0
    assert leaks == set()
    logins = {seen.authorization for seen in server.seen}
    assert logins == {f"Basic {SECRETS[1].decode()}"}
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    assert not any(secret in path.read_bytes() for path in files for secret in SECRETS)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def test_no_failure_tells_the_token(upstream, server, again, base):
    for status in (400, 401, 403, 404, 418, 500):
        server.token, server.status = TOKEN, status
        with pytest.raises(Exception, match=r".+") as caught:
            await again().fetch(base, base, 1)
        told = f"{caught.value} {caught.value.args} {caught.value!r}"
        assert not any(secret.decode() in told for secret in SECRETS)


async def test_a_redirect_is_not_followed(tmp_path, upstream, server, again, base):
    other = GitServer(root=tmp_path / "github")
    await other.start()
    server.token = TOKEN
    try:
        for status in (301, 302, 307):
            server.status = status
            server.location = f"{other.url}/octo/hello.git/info/refs?service=git-upload-pack"
            with pytest.raises(AccessLost, match="has moved"):
                await again().fetch(base, base, 1)
    finally:
        await other.stop()

    assert other.seen == []


async def test_a_token_is_asked_for_once_per_fetch_and_for_that_repository(
    tmp_path, server, upstream, base
):
    asked: list[Repo] = []

    async def token(repo: Repo) -> str:
        asked.append(repo)
        return TOKEN

    mirrors = Mirrors(tmp_path / "data", github_url=server.url, token=token)
    await mirrors.mirror(HELLO).fetch(base, base, 1)
    await mirrors.mirror(HELLO).fetch(base, base, 1)

    assert asked == [HELLO]


@pytest.mark.parametrize("url", ["file:///srv/git", "http://github.example", "ssh://git@x"])
def test_a_mirror_speaks_https_or_to_this_machine(tmp_path, url):
    with pytest.raises(ConfigurationError):
        Mirrors(tmp_path, github_url=url)


def test_hostile_names_never_leave_the_data_directory(mirrors):
    for owner, name in (("..", ".."), ("octo", ".."), ("octo", "a/../../b"), ("-c", "x")):
        with pytest.raises(GiveUp):
            mirrors.mirror(Repo(owner=owner, name=name))


async def test_git_may_not_use_a_local_path_as_a_remote(upstream, again, base, tmp_path):
    await again().fetch(base, base, 1)
    done = await Git().run(
        Place(git_dir=again().git_dir), "fetch", "--quiet", str(upstream.path), "main"
    )

    assert done.returncode != 0
    assert "transport 'file' not allowed" in done.stderr


async def test_nothing_of_the_users_own_configuration_takes_part(
    upstream, again, base, tmp_path, monkeypatch
):
    home = tmp_path / "home"
    home.mkdir()
    canary = tmp_path / "canary"
    (home / ".gitconfig").write_text(
        f'[diff]\n\texternal = "touch {canary};"\n\tnoprefix = true\n[core]\n\tfsmonitor = touch '
        f'{canary}\n[url "http://127.0.0.1:1/"]\n\tinsteadOf = {"http://127.0.0.1"}\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_TRACE", str(canary))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {canary};")
    head = upstream.commit({"a.py": b"2\n"}, base)

    await again().fetch(base, head, 1)
    async with again().workspace(base, head, 1) as workspace:
        assert workspace.diff_file.read_text().startswith("diff --git a/a.py b/a.py\n")

    assert not canary.exists()
