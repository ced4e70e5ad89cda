"""Commits come into the mirror by their ids, once, and say clearly why they do not."""

import asyncio
import os

import pytest

from bot.checkout.mirror import Mirrors
from bot.errors import AccessLost, GiveUp, HeadGone, NoCommonHistory, TryLater
from bot.models import FileStatus, Repo
from tests.fakes.git_repo import git
from tests.fakes.git_server import GitServer
from tests.integration.checkout.conftest import HELLO, paths

ELSEWHERE = "1234567890" * 4


def requests(server: GitServer) -> list[tuple[str, str, int]]:
    return [(seen.method, seen.path.rpartition("/")[2], seen.answered) for seen in server.seen]


@pytest.fixture
def base(upstream):
    return upstream.commit({"a.py": b"1\n2\n", "b.py": b"x\n"}, branch="main")


async def test_every_push_costs_two_requests_and_few_bytes(upstream, server, again, base):
    server.token = "secret"
    big = os.urandom(200_000)
    head = upstream.commit({"big": big}, base)
    await again().fetch(base, head, 7)
    for number in range(3):
        head = upstream.commit({"a.py": b"%d\n" % number}, head)
        server.seen.clear()
        server.sent = 0

        await again().fetch(base, head, 7)

        assert requests(server) == [("GET", "refs", 200), ("POST", "git-upload-pack", 200)]
        assert server.sent < 4096


async def test_what_is_here_is_not_asked_for_again(upstream, server, again, base):
    head = upstream.commit({"a.py": b"3\n"}, base)
    await again().fetch(base, head, 1)
    server.seen.clear()

    await again().fetch(base, head, 1)

    assert server.seen == []


async def test_a_packed_reference_counts_as_here(upstream, server, again, base):
    head = upstream.commit({"a.py": b"3\n"}, base)
    await again().fetch(base, head, 1)
    git(again().git_dir, "pack-refs", "--all")
    server.seen.clear()

    await again().fetch(base, head, 1)

    assert server.seen == []


async def test_a_forks_head_is_fetched_by_its_id_from_the_base_repository(upstream, mirror, base):
    # Not at the tip of any branch: only the id leads there.
    head = upstream.commit({"a.py": b"fork\n"}, base)

    await mirror.fetch(base, head, 3)

    assert await mirror.show(head, "a.py") == b"fork\n"


async def test_a_forced_push_leaves_both_heads_comparable(upstream, mirror, base):
    first = upstream.commit({"a.py": b"1\n2\n3\n"}, base, branch="topic")
    await mirror.fetch(base, first, 3)
    second = upstream.commit({"a.py": b"0\n1\n2\n3\n"}, base, branch="topic")
    await mirror.fetch(base, second, 3)

    since = await mirror.diff_between(first, second)

    assert [hunk.lines for hunk in since.files[0].hunks] == [("+0", " 1", " 2", " 3")]
    assert (since.base_sha, since.head_sha) == (first, second)


async def test_a_head_that_nobody_has_is_gone(mirror, base):
    with pytest.raises(HeadGone, match="123456789012 is not in octo/hello"):
        await mirror.fetch(base, ELSEWHERE, 3)


async def test_a_head_that_was_never_fetched_cannot_be_compared(upstream, mirror, base):
    head = upstream.commit({"a.py": b"3\n"}, base)
    await mirror.fetch(base, head, 3)

    for work in (
        mirror.diff_between(ELSEWHERE, head),
        mirror.diff(base, ELSEWHERE),
        mirror.show(ELSEWHERE, "a.py"),
    ):
        with pytest.raises(HeadGone):
            await work


async def test_what_is_no_commit_id_never_reaches_git(mirror, base, server):
    for sha in ("HEAD", "refs/heads/main", "--upload-pack=touch x", base[:10], ""):
        with pytest.raises(HeadGone):
            await mirror.fetch(base, sha, 3)
    with pytest.raises(GiveUp):
        await mirror.fetch(base, base, 0)
    assert server.seen == []


async def test_unrelated_histories_are_said_to_be_so(upstream, mirror, base):
    head = upstream.commit({"a.py": b"other\n"})
    await mirror.fetch(base, head, 3)

    with pytest.raises(NoCommonHistory):
        await mirror.diff(base, head)


async def test_an_empty_change_has_no_files(mirror, base):
    await mirror.fetch(base, base, 3)

    diff = await mirror.diff(base, base)

    assert diff.files == ()
    async with mirror.workspace(base, base, 3) as workspace:
        assert workspace.diff_file.read_bytes() == b""


async def test_the_diff_begins_at_the_merge_base(upstream, mirror, base):
    head = upstream.commit({"a.py": b"1\n"}, base)
    moved = upstream.commit({"b.py": b"y\n"}, base, branch="main")
    await mirror.fetch(moved, head, 3)

    diff = await mirror.diff(moved, head)

    assert diff.base_sha == base
    assert [(file.path, file.status) for file in diff.files] == [("a.py", FileStatus.MODIFIED)]


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, AccessLost), (403, AccessLost), (500, TryLater), (503, TryLater), (429, TryLater)],
)
async def test_the_servers_refusals_say_what_to_do(mirror, server, base, status, error):
    server.status = status

    with pytest.raises(error, match="octo/hello"):
        await mirror.fetch(base, base, 3)


async def test_a_wrong_token_means_lost_access(tmp_path, server, base):
    server.token = "right"

    async def wrong(_repo: Repo) -> str:
        return "wrong"

    mirror = Mirrors(tmp_path / "data", github_url=server.url).mirror(HELLO, wrong)
    with pytest.raises(AccessLost):
        await mirror.fetch(base, base, 3)


async def test_a_server_that_is_not_there_is_tried_later(mirror, server, base):
    await server.stop()

    with pytest.raises(TryLater):
        await mirror.fetch(base, base, 3)


async def test_ten_jobs_at_once_fail_nobody_and_download_once(upstream, server, mirrors, base):
    heads = [upstream.commit({f"{n}.py": b"%d\n" % n}, base) for n in range(10)]

    async def job(number: int, head: str) -> None:
        mirror = mirrors.mirror(HELLO)
        await mirror.fetch(base, head, number)
        diff = await mirror.diff(base, head)
        async with mirror.workspace(base, head, number) as workspace:
            assert paths(workspace.tree) == {"a.py", "b.py", f"{number - 1}.py"}
            assert [file.path for file in diff.files] == [f"{number - 1}.py"]

    for _again in range(3):
        await asyncio.gather(*(job(n, head) for n, head in enumerate(heads, 1)))

    assert len(server.seen) == 20


async def test_ten_pushes_of_one_pull_request_at_once_share_no_tree(upstream, mirrors, base):
    heads = [upstream.commit({"a.py": b"head %d\n" % n}, base) for n in range(10)]
    trees = set()

    async def job(head: str, content: bytes) -> None:
        mirror = mirrors.mirror(HELLO)
        await mirror.fetch(base, head, 1)
        async with mirror.workspace(base, head, 1) as workspace:
            trees.add(workspace.tree)
            await asyncio.sleep(0.05)
            assert (workspace.tree / "a.py").read_bytes() == content
            assert f"+{content.decode()}" in workspace.diff_file.read_text()

    await asyncio.gather(*(job(head, b"head %d\n" % n) for n, head in enumerate(heads)))

    assert len(trees) > 1
    slots = mirrors.mirror(HELLO)._trees._root / "1"
    assert [path.name for path in slots.iterdir()] == ["0"]


async def test_a_closed_pull_request_leaves_nothing(upstream, mirrors, again, tmp_path, base):
    one, two = (upstream.commit({"a.py": text}, base) for text in (b"one\n", b"two\n"))
    for number, head in ((1, one), (2, two)):
        await again().fetch(base, head, number)
        async with again().workspace(base, head, number):
            pass

    await again().forget(1)

    refs = git(again().git_dir, "for-each-ref", "--format=%(refname)").decode().split()
    assert refs == sorted(f"refs/h/pr/2/{sha}" for sha in (base, two))
    assert [path.name for path in (tmp_path / "data/trees/octo/hello").iterdir()] == ["2"]


async def test_closing_a_pull_request_that_nobody_fetched_is_fine(mirror):
    await mirror.forget(12)
    assert not mirror.git_dir.exists()


async def test_a_closed_pull_request_in_use_goes_when_its_run_ends(upstream, again, tmp_path, base):
    await again().fetch(base, base, 1)
    async with again().workspace(base, base, 1) as workspace:
        await again().forget(1)
        assert (workspace.tree / "a.py").read_bytes() == b"1\n2\n"

    assert not workspace.tree.exists()


async def test_many_packs_are_merged_when_a_pull_request_closes(upstream, again, base, monkeypatch):
    monkeypatch.setattr("bot.checkout.mirror.MAX_PACKS", 2)
    head = base
    for number in range(4):
        # More than a hundred objects, or git would write them one by one.
        head = upstream.commit({f"{number}/{n}": b"%d" % n for n in range(120)}, head)
        await again().fetch(base, head, 1)
        await again().fetch(base, head, 2)
    packs = again().git_dir / "objects" / "pack"
    before = len(list(packs.glob("*.pack")))

    await again().forget(1)

    assert before >= 4
    assert len(list(packs.glob("*.pack"))) < before
    assert len((await again().diff(base, head)).files) == 480


async def test_a_repository_that_was_lost_leaves_nothing(upstream, mirrors, again, tmp_path, base):
    await again().fetch(base, base, 1)
    async with again().workspace(base, base, 1):
        pass

    await mirrors.forget(HELLO)
    await mirrors.forget(HELLO)

    assert paths(tmp_path / "data") == set()
    with pytest.raises(GiveUp):
        await mirrors.forget(Repo(owner="..", name="data"))


async def test_a_lock_of_a_killed_git_is_broken(upstream, again, base):
    await again().fetch(base, base, 1)
    head = upstream.commit({"a.py": b"3\n"}, base)
    lock = again().git_dir / f"refs/h/pr/1/{head}.lock"
    lock.touch()
    os.utime(lock, (1, 1))

    await again().fetch(base, head, 1)

    assert not lock.exists()
    assert await again().show(head, "a.py") == b"3\n"


async def test_a_young_lock_may_have_an_owner(upstream, again, base):
    await again().fetch(base, base, 1)
    head = upstream.commit({"a.py": b"3\n"}, base)
    lock = again().git_dir / f"refs/h/pr/1/{head}.lock"
    lock.touch()

    with pytest.raises(TryLater):
        await again().fetch(base, head, 1)

    assert lock.exists()


async def test_files_are_shown_from_a_commit(upstream, mirror, base, monkeypatch):
    head = upstream.commit(
        {
            "dir/file": b"in a directory",
            b"odd \xff\n": b"odd",
            "link": ("120000", b"a.py"),
            "large": b"x" * 21,
            "huge": b"x" * 41,
            ":(top)magic": b"magic",
        },
        base,
    )
    await mirror.fetch(base, head, 1)

    monkeypatch.setattr("bot.checkout.repository.MAX_SHOWN_BYTES", 20)
    monkeypatch.setattr("bot.checkout.listing.MAX_FILE_BYTES", 40)
    shown = {
        path: await mirror.show(head, path)
        for path in ("a.py", "dir/file", "odd \udcff\n", ":(top)magic", "link", "large", "huge",
                     "dir", "dir/", "missing", "", "/a.py", "../a.py", "a\0b")
    }  # fmt: skip

    assert {path: content for path, content in shown.items() if content is not None} == {
        "a.py": b"1\n2\n",
        "dir/file": b"in a directory",
        "odd \udcff\n": b"odd",
        ":(top)magic": b"magic",
    }


async def test_git_finds_nothing_wrong_with_the_mirror(upstream, again, base):
    head = upstream.commit({"CLAUDE.md": b"x", "a.py": b"3\n"}, base)
    await again().fetch(base, head, 1)
    async with again().workspace(base, head, 1):
        pass

    git(again().git_dir, "fsck", "--full", "--strict")


async def test_two_processes_may_make_the_same_mirror(upstream, mirrors, base, tmp_path):
    """Each with locks of its own; one mirror remains, and no rest of the other."""
    server_url = mirrors._github_url
    others = [Mirrors(tmp_path / "data", github_url=server_url) for _ in range(5)]

    await asyncio.gather(*(each.mirror(HELLO).fetch(base, base, 1) for each in others))

    assert [path.name for path in (tmp_path / "data" / "mirrors").iterdir()] == ["octo"]
    assert await others[0].mirror(HELLO).show(base, "a.py") == b"1\n2\n"


async def test_a_failing_repack_costs_nobody_the_closing(upstream, again, base, monkeypatch):
    monkeypatch.setattr("bot.checkout.mirror.MAX_PACKS", 0)
    head = upstream.commit({f"{n}": b"%d" % n for n in range(120)}, base)
    await again().fetch(base, head, 1)
    packs = again().git_dir / "objects" / "pack"
    for pack in packs.glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"PACK")

    await again().forget(1)

    assert git(again().git_dir, "for-each-ref") == b""


async def test_git_that_hangs_is_ended_and_tried_later(upstream, server, again, base, monkeypatch):
    monkeypatch.setattr("bot.checkout.git.REMOTE_SECONDS", 0.5)
    server.delay = 30

    with pytest.raises(TryLater, match="took longer than"):
        await again().fetch(base, base, 1)
