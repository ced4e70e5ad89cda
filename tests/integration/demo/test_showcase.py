"""The sample's pull request, and one from a repository on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.demo import EmbeddedGitHub
from bot.demo.showcase import CannotImport
from tests.integration.demo.conftest import git


async def tree_of(path: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its time and content: to see that nothing was written."""
    return {
        str(file.relative_to(path)): (file.stat().st_mtime_ns, file.read_bytes())
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
async def mine(tmp_path: Path) -> Path:
    """A user's repository on a branch of three commits, with uncommitted work."""
    path = tmp_path / "my project"
    await git("init", "-q", "-b", "main", str(path))
    (path / "a.py").write_text("one\n")
    await git("add", ".", cwd=path)
    await git("commit", "-q", "-m", "First", cwd=path)
    await git("checkout", "-q", "-b", "topic/new", cwd=path)
    (path / "a.py").write_text("one\ntwo\n")
    await git("commit", "-q", "-a", "-m", "Add two\n\nBecause one is not enough.", cwd=path)
    (path / "a.py").write_text("not committed\n")
    return path


async def test_the_sample_changes_renames_and_deletes(github: EmbeddedGitHub) -> None:
    pull = await github.open_sample()
    files = {file.path: file.status for file in await github.files(github.record(pull))}
    assert files == {
        ".github/workflows/ci.yml": "modified",
        "shop/discounts.py": "added",
        "shop/labels.py": "renamed",
        "shop/legacy.py": "removed",
        "shop/orders.py": "modified",
        "shop/report.py": "added",
    }
    assert github.check(pull) is None
    assert github.summary(pull) is None
    assert github.review_comments(pull) == []


async def test_a_branch_of_a_users_repository(github: EmbeddedGitHub, mine: Path) -> None:
    before = await tree_of(mine)
    pull = await github.open_from(mine / ".")
    assert (pull.base_ref, pull.head_ref, pull.title) == ("main", "topic/new", "Add two")
    assert pull.body == "Because one is not enough."
    assert pull.repo.full_name == "local/my-project"
    _, sha = await git("rev-parse", "HEAD", cwd=mine)
    assert pull.head_sha == sha.strip()
    assert await tree_of(mine) == before


async def test_names_of_branches_and_commits(github: EmbeddedGitHub, mine: Path) -> None:
    _, sha = await git("rev-parse", "HEAD", cwd=mine)
    await git("checkout", "-q", "--detach", cwd=mine)
    detached = await github.open_from(mine, base="main")
    assert (detached.head_ref, detached.head_sha) == ("change", sha.strip())
    exact = await github.import_repository(mine, base="main", head=sha.strip())
    assert exact.head == "change"


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        ("main", "main", "same commit"),
        ("none", "HEAD", "there is no commit none"),
        ("main", "--upload-pack=x", "there is no commit --upload-pack=x"),
        ("main", "lonely", "no common history"),
    ],
)
async def test_what_cannot_be_reviewed_is_said(
    github: EmbeddedGitHub, mine: Path, base: str, head: str, words: str
) -> None:
    await git("checkout", "-q", "--orphan", "lonely", "-f", cwd=mine)
    await git("commit", "-q", "--allow-empty", "-m", "alone", cwd=mine)
    with pytest.raises(CannotImport, match=words):
        await github.open_from(mine, base=base, head=head)


async def test_a_folder_without_git_is_refused(github: EmbeddedGitHub, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(CannotImport, match="not inside a git repository"):
        await github.open_from(tmp_path / "plain")
    with pytest.raises(CannotImport, match="not inside a git repository"):
        await github.open_from(tmp_path / "nowhere")


async def test_a_shallow_clone_is_enough(
    github: EmbeddedGitHub, mine: Path, tmp_path: Path
) -> None:
    await git("checkout", "-q", "-f", "topic/new", cwd=mine)
    for number in range(3):
        (mine / "a.py").write_text(f"{number}\n")
        await git("commit", "-q", "-a", "-m", str(number), cwd=mine)
    copy = tmp_path / "shallow"
    status, said = await git(
        "clone", "-q", "--depth=3", "--no-single-branch", f"file://{mine}", str(copy)
    )
    assert status == 0, said
    pull = await github.open_from(copy, base="HEAD~2")
    assert pull.title == "2"
    assert len(await github.files(github.record(pull))) == 1
