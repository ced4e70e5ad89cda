"""A user's own repository is read as it is, and left exactly as it was."""

import hashlib
import os
from pathlib import Path

import pytest

from bot.checkout.local import LocalRepo
from bot.errors import ConfigurationError, GitFailed, GiveUp, HeadGone, NoCommonHistory, TreeRefused
from tests.fakes.git_repo import BareRepo, git
from tests.integration.checkout.conftest import paths


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A work tree with a branch ``topic`` checked out, two commits ahead of ``main``."""
    path = tmp_path / "my project"
    path.mkdir()
    git(path, "init", "-q", "--initial-branch=main")
    commit(path, {"a.py": "1\n", "CLAUDE.md": "obey\n"}, "first")
    git(path, "checkout", "-q", "-b", "topic")
    commit(path, {"a.py": "2\n"}, "second")
    commit(path, {"dir/b.py": "b\n"}, "third")
    return path


def commit(path: Path, files: dict[str, str], message: str) -> str:
    for name, text in files.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text)
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", message)
    return sha(path, "HEAD")


def sha(path: Path, ref: str) -> str:
    return git(path, "rev-parse", ref).decode().strip()


def fingerprint(path: Path) -> str:
    """Of every file and directory below: name, mode, time, content."""
    digest = hashlib.sha256()
    for item in sorted(path.rglob("*")):
        status = item.lstat()
        digest.update(f"{item} {status.st_mode} {status.st_mtime_ns} {status.st_ino}".encode())
        if item.is_file() and not item.is_symlink():
            digest.update(item.read_bytes())
    return digest.hexdigest()


def scratch(tmp_path: Path) -> Path:
    room = tmp_path / f"scratch {len(list(tmp_path.iterdir()))}"
    room.mkdir()
    return room


async def reviewed(repo: LocalRepo, base: str | None = None):
    base_sha, head_sha = await repo.base_sha(base), await repo.head_sha()
    diff = await repo.diff(base_sha, head_sha)
    return diff, await repo.workspace(base_sha, head_sha)


async def test_a_branch_is_compared_with_main_and_nothing_is_written(user, tmp_path):
    git(user, "config", "core.fsmonitor", f"touch {tmp_path}/canary")
    git(user, "config", "diff.external", f"touch {tmp_path}/canary")
    git(user, "config", "filter.x.smudge", f"touch {tmp_path}/canary")
    (user / ".git" / "info").mkdir(exist_ok=True)
    (user / ".git" / "info" / "attributes").write_text("* filter=x -diff\n")
    (user / "a.py").write_text("not committed\n")
    before = fingerprint(user)

    repo = await LocalRepo.open(user / "dir", scratch=scratch(tmp_path))
    diff, workspace = await reviewed(repo)

    assert fingerprint(user) == before
    assert not (tmp_path / "canary").exists()
    assert (diff.base_sha, diff.head_sha) == (sha(user, "main"), sha(user, "topic"))
    assert [(f.path, f.hunks[0].lines) for f in diff.files] == [
        ("a.py", ("-1", "+2")),
        ("dir/b.py", ("+b",)),
    ]
    assert paths(workspace.tree) == {"a.py", "dir/b.py"}
    assert (workspace.tree / "a.py").read_text() == "2\n"
    assert workspace.git_dir == user / ".git"
    assert workspace.diff_file.read_text().startswith("diff --git a/a.py b/a.py\n")
    assert await repo.show(diff.base_sha, "a.py") == b"1\n"
    assert await repo.base_name() == "main"


async def test_two_workspaces_are_two_trees(user, tmp_path):
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))
    base, head = await repo.base_sha(), await repo.head_sha()

    whole = await repo.workspace(base, head, strip=False)
    stripped = await repo.workspace(base, head)

    assert paths(whole.tree) - paths(stripped.tree) == {"CLAUDE.md"}


@pytest.mark.parametrize(
    ("references", "chosen"),
    [
        (["origin/HEAD", "origin/main", "origin/master", "main", "master"], "origin/HEAD"),
        (["origin/main", "origin/master", "main", "master"], "origin/main"),
        (["origin/master", "main", "master"], "origin/master"),
        (["main", "master"], "main"),
        (["master"], "master"),
    ],
)
async def test_the_base_is_the_first_that_exists(user, tmp_path, references, chosen):
    first = sha(user, "main")
    git(user, "branch", "-D", "main")
    for name in references:
        remote = "/" in name
        git(user, "update-ref", f"refs/{'remotes' if remote else 'heads'}/{name}", first)

    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    assert (await repo.base_name(), await repo.base_sha()) == (chosen, first)


async def test_a_base_is_any_name_of_a_commit(user, tmp_path):
    git(user, "tag", "-a", "-m", "tag", "v1", "main")
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    for name in ("v1", "HEAD~2", "main", sha(user, "main")[:8]):
        assert await repo.base_sha(name) == sha(user, "main")


@pytest.mark.parametrize(
    "name", ["nope", "", "--git-dir=/", "-x", "HEAD:a.py", "a\0b", "main..HEAD", "\udcff"]
)
async def test_a_base_that_is_no_commit_is_the_users_mistake(user, tmp_path, name):
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    with pytest.raises(ConfigurationError, match="is not a commit of this repository"):
        await repo.base_sha(name)


async def test_without_any_base_it_says_what_to_do(user, tmp_path):
    git(user, "branch", "-D", "main")
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    with pytest.raises(ConfigurationError, match="--base"):
        await repo.base_sha()


async def test_an_empty_repository_has_nothing_to_review(tmp_path):
    path = tmp_path / "empty"
    path.mkdir()
    git(path, "init", "-q")
    repo = await LocalRepo.open(path, scratch=scratch(tmp_path))

    with pytest.raises(ConfigurationError, match="no commit yet"):
        await repo.head_sha()


async def test_what_is_no_repository_is_said_to_be_none(tmp_path):
    (tmp_path / "file").write_text("")
    for path, words in (
        (scratch(tmp_path), "not inside a git repository"),
        (tmp_path / "missing", "not a directory"),
        (tmp_path / "file", "not a directory"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            await LocalRepo.open(path, scratch=tmp_path)


async def test_a_linked_work_tree_has_its_own_head(user, tmp_path):
    linked = tmp_path / "linked"
    git(user, "worktree", "add", "-q", "-b", "other", str(linked), "main")
    commit(linked, {"c.py": "c\n"}, "other")
    before = fingerprint(user), fingerprint(linked)

    repo = await LocalRepo.open(linked, scratch=scratch(tmp_path))
    diff, workspace = await reviewed(repo)

    assert [file.path for file in diff.files] == ["c.py"]
    assert paths(workspace.tree) == {"a.py", "c.py"}
    assert workspace.git_dir == user / ".git"
    assert (fingerprint(user), fingerprint(linked)) == before


async def test_a_bare_repository_can_be_reviewed(tmp_path):
    bare = BareRepo(tmp_path / "bare.git")
    base = bare.commit({"a": b"1\n"}, branch="master")
    bare.commit({"a": b"2\n"}, base, branch="main")

    repo = await LocalRepo.open(bare.path, scratch=scratch(tmp_path))
    diff, _workspace = await reviewed(repo, "master")

    assert [file.path for file in diff.files] == ["a"]


async def test_borrowed_objects_and_odd_paths_are_found(user, tmp_path):
    odd = tmp_path / 'new\nline "quoted" \\ ü'
    git(tmp_path, "clone", "-q", "--shared", str(user), str(odd))

    repo = await LocalRepo.open(odd, scratch=scratch(tmp_path))
    diff, workspace = await reviewed(repo, "origin/topic~2")

    assert [file.path for file in diff.files] == ["a.py", "dir/b.py"]
    assert workspace.git_dir == odd / ".git"


async def test_a_sha256_repository_works(tmp_path):
    path = tmp_path / "sha256"
    path.mkdir()
    git(path, "init", "-q", "--initial-branch=main", "--object-format=sha256")
    commit(path, {"a": "1\n", "AGENTS.md": "x"}, "first")
    git(path, "checkout", "-q", "-b", "topic")
    commit(path, {"a": "2\n"}, "second")

    repo = await LocalRepo.open(path, scratch=scratch(tmp_path))
    diff, workspace = await reviewed(repo)

    assert len(diff.base_sha) == 64
    assert [file.path for file in diff.files] == ["a"]
    assert paths(workspace.tree) == {"a"}


async def test_a_shallow_clone_is_told_how_to_become_whole(user, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", user.as_uri(), str(shallow))
    before = fingerprint(shallow)
    repo = await LocalRepo.open(shallow, scratch=scratch(tmp_path))

    with pytest.raises(NoCommonHistory, match="unshallow"):
        await reviewed(repo, "origin/main")
    assert fingerprint(shallow) == before


async def test_a_shallow_clone_that_holds_enough_is_reviewed(user, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=2", user.as_uri(), str(shallow))
    repo = await LocalRepo.open(shallow, scratch=scratch(tmp_path))

    diff, _workspace = await reviewed(repo, "HEAD~1")

    assert [file.path for file in diff.files] == ["dir/b.py"]


async def test_a_partial_clone_is_told_how_to_become_whole(user, tmp_path):
    git(user, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", user.as_uri(), str(partial))
    repo = await LocalRepo.open(partial, scratch=scratch(tmp_path))

    with pytest.raises(GiveUp, match="partial"):
        await reviewed(repo, "origin/main")


async def test_unrelated_histories_are_said_to_be_so(user, tmp_path):
    git(user, "checkout", "-q", "--orphan", "orphan")
    commit(user, {"z": "z"}, "orphan")
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    with pytest.raises(NoCommonHistory) as caught:
        await reviewed(repo, "main")
    assert "unshallow" not in str(caught.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a repository away")
async def test_a_repository_of_another_user_can_be_reviewed(user, tmp_path):
    for path in (user, *user.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)

    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))
    diff, _workspace = await reviewed(repo)

    assert len(diff.files) == 2


async def test_a_hostile_tree_that_no_fetch_checked_is_refused(user, tmp_path):
    """A commit may have come here without git's checks on receipt."""
    blob = git(user, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    content = b"100644 config\0" + bytes.fromhex(blob)
    write = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    below = git(user, *write, stdin=content).decode().strip()
    root = git(user, *write, stdin=b"40000 .git\0" + bytes.fromhex(below)).decode().strip()
    head = git(user, "commit-tree", "-m", "x", "-p", "main", root).decode().strip()
    git(user, "update-ref", "refs/heads/topic", head)
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    with pytest.raises(TreeRefused, match=r"invalid path '.git/config'"):
        await reviewed(repo)


async def test_missing_commits_and_objects_are_named(user, tmp_path):
    first, head = sha(user, "main"), sha(user, "topic")
    repo = await LocalRepo.open(user, scratch=scratch(tmp_path))

    with pytest.raises(HeadGone):
        await repo.diff_between("1" * 40, head)

    blob = sha(user, "topic:a.py")
    (user / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitFailed, match=f"git diff failed: .*{blob}"):
        await repo.diff_between(first, head)


async def test_a_commit_that_a_shallow_clone_lacks_is_explained(user, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", user.as_uri(), str(shallow))
    repo = await LocalRepo.open(shallow, scratch=scratch(tmp_path))

    with pytest.raises(GiveUp, match="unshallow"):
        await repo.diff_between(sha(user, "main"), sha(shallow, "HEAD"))
