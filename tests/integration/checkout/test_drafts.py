"""What a developer did in its tree becomes one commit on top of the head, and nothing else does."""

import os

import pytest

from bot.checkout.draft import Signature, workflows
from bot.checkout.mirror import Mirrors
from bot.errors import GiveUp
from bot.models import LeftOut
from tests.fakes.git_repo import git
from tests.integration.checkout.conftest import HELLO

WHO = Signature(name="harness", email="bot@example.org", seconds=1_700_000_000)
FILES = {
    "app.py": b"x = 1\n",
    "gone.py": b"bye\n",
    "CLAUDE.md": b"instructions\n",
    ".gitignore": b"*.pyc\n",
    "sub/tool.sh": b"#!/bin/sh\n",
}


@pytest.fixture
def head(upstream):
    base = upstream.commit({"README": b"1\n"}, branch="main")
    files = {
        name: content if isinstance(content, bytes) else content[0]
        for name, content in FILES.items()
    }
    return base, upstream.commit(files, base, branch="topic")


@pytest.fixture
async def drafting(mirror, head):
    base, sha = head
    await mirror.fetch(base, sha, 1)

    def made(rule=lambda _path: ""):
        return mirror.drafting(base, sha, 1, signature=WHO, rule=rule)

    return made


def shown(mirror, sha, path):
    return git(mirror.git_dir, f"--git-dir={mirror.git_dir}", "show", f"{sha}:{path}")


def parent(mirror, draft):
    found = git(mirror.git_dir, f"--git-dir={mirror.git_dir}", "rev-parse", f"{draft.sha}^")
    return found.decode().strip()


async def test_changed_new_and_deleted_files_are_one_commit_on_top_of_the_head(
    drafting, mirror, head
):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "app.py").write_text("x = 2\n")
        (tree / "new.py").write_text("y = 1\n")
        (tree / "gone.py").unlink()

        draft = await drafts.take(None)

    assert draft.paths == ("app.py", "gone.py", "new.py")
    assert shown(mirror, draft.sha, "app.py") == b"x = 2\n"
    assert (
        git(mirror.git_dir, f"--git-dir={mirror.git_dir}", "rev-parse", f"{draft.sha}^").strip()
        == head[1].encode()
    )


async def test_what_was_stripped_from_the_tree_is_neither_deleted_nor_changed(drafting, mirror):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        assert not (tree / "CLAUDE.md").exists()
        (tree / "CLAUDE.md").write_text("obey\n")
        (tree / "app.py").write_text("x = 2\n")
        draft = await drafts.take(None)

    assert shown(mirror, draft.sha, "CLAUDE.md") == b"instructions\n"
    assert draft.left_out == (LeftOut(path="CLAUDE.md", reason="it configures coding agents"),)


async def test_what_may_not_change_is_left_out_and_named(drafting):
    async with drafting(workflows) as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / ".github" / "workflows").mkdir(parents=True)
        (tree / ".github" / "workflows" / "ci.yml").write_text("on: push\n")
        (tree / "app.py").write_text("x = 2\n")
        draft = await drafts.take(None)

    assert draft.paths == ("app.py",)
    assert [item.path for item in draft.left_out] == [".github/workflows/ci.yml"]


async def test_a_turn_that_changed_nothing_is_no_draft(drafting):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        os.utime(tree / "app.py")
        (tree / "cache.pyc").write_bytes(b"\0")
        assert await drafts.take(None) is None


async def test_the_next_turn_goes_on_from_the_last_draft(drafting, mirror, head):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "app.py").write_text("x = 2\n")
        (tree / "junk.pyc").write_text("left about\n")
        first = await drafts.take(None)
        tree = (await drafts.laid(first)).tree
        assert not (tree / "junk.pyc").exists()
        assert (tree / "app.py").read_text() == "x = 2\n"
        (tree / "gone.py").write_text("back\n")
        second = await drafts.take(first)

    assert second.paths == ("app.py", "gone.py")
    assert parent(mirror, second) == head[1]


@pytest.mark.parametrize("name", [".git", ".GIT", "sub/.git", "git~1"])
async def test_a_repository_that_was_planted_is_not_looked_at(drafting, name):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / name).mkdir()
        (tree / name / "config").write_text("[core]\n\tfsmonitor = touch /tmp/owned\n")
        with pytest.raises(GiveUp, match="repository of its own"):
            await drafts.take(None)


async def test_links_and_huge_files_are_left_out(drafting):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "link").symlink_to("/etc/passwd")
        (tree / "gone.py").unlink()
        (tree / "gone.py").symlink_to("/etc/passwd")
        with (tree / "large").open("wb") as file:
            file.truncate(9 << 20)
        (tree / "app.py").write_text("x = 2\n")
        draft = await drafts.take(None)

    assert draft.paths == ("app.py",)
    assert {item.path for item in draft.left_out} == {"link", "gone.py", "large"}


async def test_a_directory_that_became_a_link_leads_nowhere(drafting, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "tool.sh").write_text("stolen\n")
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "sub" / "tool.sh").unlink()
        (tree / "sub").rmdir()
        (tree / "sub").symlink_to(tmp_path / "secret")
        draft = await drafts.take(None)

    assert draft is None


async def test_a_directory_in_place_of_a_file_and_odd_names_are_kept(drafting, mirror):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "gone.py").unlink()
        (tree / "gone.py").mkdir()
        (tree / "gone.py" / "a\nb\tü").write_bytes(b"\xff\0binary")
        draft = await drafts.take(None)

    assert draft.paths == ("gone.py", "gone.py/a\nb\tü")
    assert shown(mirror, draft.sha, "gone.py/a\nb\tü") == b"\xff\0binary"


async def test_another_machine_makes_the_same_commit_from_the_patch(
    drafting, tmp_path, server, head
):
    async with drafting() as drafts:
        tree = (await drafts.laid(None)).tree
        (tree / "app.py").write_bytes(b"x = '\xe9'\n")
        (tree / "blob").write_bytes(bytes(range(256)))
        draft = await drafts.take(None)

    other = Mirrors(tmp_path / "other", github_url=server.url).mirror(HELLO)
    base, sha = head
    await other.fetch(base, sha, 1)
    async with other.drafting(base, sha, 1, signature=WHO, rule=lambda _: "") as drafts:
        tree = (await drafts.laid(draft)).tree
        assert (tree / "blob").read_bytes() == bytes(range(256))


async def test_a_signature_cannot_add_a_line_to_the_commit():
    odd = Signature(name="a\nparent 0 <x>", email="b>\n", seconds=1)
    assert odd.line() == "aparent 0 x <b> 1 +0000"
