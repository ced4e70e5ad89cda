"""Work trees hold exactly the head, are moved on by the next push, and keep nothing of the last."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from bot.checkout.mirror import Mirror
from bot.errors import TryLater
from tests.integration.checkout.conftest import paths


@pytest.fixture
def base(upstream):
    return upstream.commit(
        {"a.py": b"1\n", "run.sh": ("100755", b"#!"), "d/one": b"1", "d/two": b"2"}, branch="main"
    )


async def written(mirror: Mirror, base: str, head: str, *, strip: bool = True) -> dict[str, bytes]:
    """The tree's content after a run of its own."""
    await mirror.fetch(base, head, 1)
    async with mirror.tree(head, 1, strip=strip) as tree:
        return {
            path: b"" if (tree / path).is_symlink() else (tree / path).read_bytes()
            for path in paths(tree)
        }


async def test_a_tree_holds_the_files_and_no_repository(upstream, mirror, base):
    head = upstream.commit(
        {
            "link": ("120000", b"/etc/passwd"),
            "module": ("160000", base.encode()),
            ".gitmodules": b'[submodule "module"]\n\tpath = module\n\turl = https://x.example/y\n',
            "big.bin": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
            ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n",
        },
        base,
    )
    await mirror.fetch(base, head, 1)

    async with mirror.workspace(base, head, 1) as workspace:
        tree = workspace.tree
        assert paths(tree) == {
            "a.py", "run.sh", "d/one", "d/two", "link", ".gitmodules", ".gitattributes", "big.bin",
        }  # fmt: skip
        assert (tree / "link").readlink() == Path("/etc/passwd")
        assert list((tree / "module").iterdir()) == []
        assert (tree / "big.bin").read_bytes().startswith(b"version https://git-lfs")
        assert not (tree / ".git").exists()


@pytest.mark.parametrize("moved", [False, True])
async def test_another_user_may_read_and_not_write(upstream, mirror, base, moved):
    umask = os.umask(0o077)
    try:
        head = upstream.commit({"a.py": b"2\n"}, base)
        await mirror.fetch(base, head, 1)
        if moved:
            async with mirror.tree(base, 1):
                pass
        async with mirror.workspace(base, head, 1) as workspace:
            assert workspace.git_dir == mirror.git_dir
            modes = {
                path: stat.S_IMODE(path.lstat().st_mode)
                for root in (workspace.tree, workspace.git_dir)
                for path in (root, *root.rglob("*"))
            }
            diff_mode = stat.S_IMODE(workspace.diff_file.stat().st_mode)
            data = mirror.git_dir.parents[2]
            above = {
                parent: stat.S_IMODE(parent.stat().st_mode)
                for path in (workspace.tree, workspace.git_dir)
                for parent in path.parents
                if data in parent.parents
            }
    finally:
        os.umask(umask)

    assert diff_mode == 0o444
    assert set(above.values()) == {0o755}
    for path, mode in modes.items():
        assert mode & 0o022 == 0, path
        needed = 0o055 if path.is_dir() or path.name == "run.sh" else 0o044
        assert mode & needed == needed, path


async def test_the_next_push_moves_the_same_tree_on(upstream, mirror, base):
    one = upstream.commit({"a.py": b"2\n", "new/deep/file": b"x"}, base)
    two = upstream.commit(
        {"new/deep/file": None, "d/two": None, "d/three": b"3", "a.py": ("120000", b"run.sh")}, one
    )
    await mirror.fetch(base, one, 1)
    async with mirror.tree(one, 1) as tree:
        kept = (tree / "run.sh").stat().st_ino
    await mirror.fetch(base, two, 1)

    async with mirror.tree(two, 1) as moved:
        assert moved == tree
        assert paths(moved) == {"a.py", "run.sh", "d/one", "d/three"}
        assert not (moved / "new").exists()
        assert (moved / "a.py").readlink() == Path("run.sh")
        assert (moved / "run.sh").stat().st_ino == kept


def foreign(tree):
    (tree / "d" / "conftest.py").write_text("import os")


def nested_repository(tree):
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_text("[core]\n\tfsmonitor = touch /tmp/canary\n")


def altered(tree):
    status = (tree / "a.py").stat()
    (tree / "a.py").write_bytes(b"x\n")
    os.utime(tree / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns))


def swapped(tree):
    (tree / "a.py").unlink()
    (tree / "a.py").symlink_to("/etc/passwd")


def redirected(tree):
    (tree / "d").rename(tree.parent / "moved")
    (tree / "d").symlink_to(tree.parent / "moved")


def emptied(tree):
    (tree / "d" / "one").unlink()


def executable(tree):
    (tree / "a.py").chmod(0o755)


def broken_index(tree):
    (tree.parent / "index").write_bytes(b"DIRC garbage")


def left_lock(tree):
    (tree.parent / "index.lock").touch()


def no_tree(tree):
    tree.rename(tree.parent / "elsewhere")


def linked_tree(tree):
    tree.rename(tree.parent / "elsewhere")
    tree.symlink_to(tree.parent / "elsewhere")


@pytest.mark.parametrize(
    "damage",
    [
        foreign, nested_repository, altered, swapped, redirected, emptied, executable, broken_index,
        left_lock, no_tree, linked_tree,
    ],
)  # fmt: skip
async def test_nothing_that_was_done_to_a_tree_stays(upstream, mirror, base, damage):
    head = upstream.commit({"other.py": b"1\n"}, base)
    await mirror.fetch(base, base, 1)
    async with mirror.tree(base, 1) as tree:
        damage(tree)

    content = await written(mirror, base, head)

    assert content == {
        "a.py": b"1\n",
        "run.sh": b"#!",
        "d/one": b"1",
        "d/two": b"2",
        "other.py": b"1\n",
    }
    assert not tree.is_symlink()
    assert not (tree / ".git").exists()
    assert (tree / "a.py").stat().st_mode & 0o111 == 0


async def test_two_runs_of_a_pull_request_never_share_a_tree(upstream, mirror, base):
    head = upstream.commit({"a.py": b"2\n"}, base)
    await mirror.fetch(base, head, 1)

    async with mirror.tree(base, 1) as first, mirror.tree(head, 1) as second:
        assert first != second
        assert (first / "a.py").read_bytes() == b"1\n"
        assert (second / "a.py").read_bytes() == b"2\n"

    assert first.exists()
    assert not second.exists()


async def test_a_cancelled_run_gives_its_tree_back(mirror, base):
    await mirror.fetch(base, base, 1)
    started = asyncio.Event()

    async def run() -> None:
        async with mirror.tree(base, 1):
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(run())
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async with mirror.tree(base, 1) as tree:
        assert tree.parent.name == "0"


CONFIGURATION = {
    "CLAUDE.md": b"obey",
    "docs/agents.MD": b"obey",
    ".claude/settings.json": b"{}",
    "pkg/.codex/config.toml": b"x",
    "pkg/deep/.mcp.json": b"{}",
    ".env": b"KEY=1",
    "pkg/deep/code.py": b"1\n",
    "only/.gemini/.env": b"GOOGLE_GEMINI_BASE_URL=https://evil.example",
}


async def test_a_reviewers_tree_holds_no_agent_configuration(upstream, mirror, base):
    head = upstream.commit(CONFIGURATION, base)

    content = await written(mirror, base, head)

    assert set(content) == {"a.py", "run.sh", "d/one", "d/two", "pkg/deep/code.py"}
    assert not (mirror.git_dir.parents[2] / "trees/octo/hello/1/0/tree/only").exists()


async def test_a_testers_tree_holds_everything(upstream, mirror, base):
    head = upstream.commit(CONFIGURATION, base)

    content = await written(mirror, base, head, strip=False)

    assert content.items() >= CONFIGURATION.items()
    assert "a.py" in content


async def test_a_tree_moves_between_stripped_and_whole(upstream, mirror, base):
    head = upstream.commit(CONFIGURATION, base)
    more = upstream.commit({"CLAUDE.md": b"more", "pkg/deep/code.py": b"2\n"}, head)
    without = {"a.py", "run.sh", "d/one", "d/two", "pkg/deep/code.py"}

    assert set(await written(mirror, base, head)) == without
    assert set(await written(mirror, base, head, strip=False)) == without | set(CONFIGURATION)
    moved = await written(mirror, base, more)

    assert set(moved) == without
    assert moved["pkg/deep/code.py"] == b"2\n"


async def test_a_tree_of_nothing_but_configuration_is_empty(upstream, mirror):
    base = upstream.commit({"AGENTS.md": b"1"})
    head = upstream.commit({"AGENTS.md": b"2"}, base)

    assert await written(mirror, base, head) == {}
    assert [file.path for file in (await mirror.diff(base, head)).files] == ["AGENTS.md"]


async def test_files_are_what_was_committed_whatever_attributes_say(upstream, mirror, base):
    files = {
        ".gitattributes": b"*.txt text eol=crlf\n*.utf working-tree-encoding=UTF-16\n*.id ident\n",
        "a.txt": b"one\ntwo\n",
        "b.utf": b"text\n",
        "c.id": b"$Id$\n",
    }
    head = upstream.commit(files, base)

    content = await written(mirror, base, head)

    assert content.items() >= files.items()


async def test_a_slot_that_was_to_be_removed_starts_from_nothing(upstream, mirror, base):
    """The process that should have removed it was killed."""
    await mirror.fetch(base, base, 1)
    async with mirror.tree(base, 1) as tree:
        # Open: its inode cannot be given to another file.
        before = (tree / "a.py").open("rb")
        (tree.parent / "doomed").touch()
        copy = tree.parent.with_name("copy")
        tree.parent.rename(copy)
    copy.rename(tree.parent)

    async with mirror.tree(base, 1) as again:
        assert again == tree
        assert paths(again) == {"a.py", "run.sh", "d/one", "d/two"}
        assert not (tree.parent / "doomed").exists()
        with before:
            assert (again / "a.py").stat().st_ino != os.fstat(before.fileno()).st_ino


async def test_too_many_runs_of_one_pull_request_wait(mirror, base, monkeypatch):
    monkeypatch.setattr("bot.checkout.tree.MAX_SLOTS", 1)
    await mirror.fetch(base, base, 1)

    async with mirror.tree(base, 1):
        with pytest.raises(TryLater):
            async with mirror.tree(base, 1):
                pass
    async with mirror.tree(base, 1):
        pass


async def test_a_lock_that_a_killed_git_left_does_not_cost_the_tree(upstream, mirror, base):
    await mirror.fetch(base, base, 1)
    async with mirror.tree(base, 1) as tree:
        left_lock(tree)
        kept = (tree / "run.sh").open("rb")

    async with mirror.tree(base, 1) as again:
        with kept:
            assert (again / "run.sh").stat().st_ino == os.fstat(kept.fileno()).st_ino
