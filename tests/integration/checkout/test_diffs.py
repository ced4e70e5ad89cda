"""Real git, real changes: what the records say can be applied, and nothing hides from them."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.checkout.git import Git, Place
from bot.checkout.repository import MAX_DIFFED_BYTES, Repository
from bot.errors import TreeRefused
from bot.models import Diff, FileDiff, FileStatus, Side
from tests.fakes.git_repo import BareRepo


@pytest.fixture
def repository(upstream: BareRepo) -> Repository:
    """Reading the bare repository itself: a mirror after a fetch reads the same way."""
    return Repository(Git(), upstream.path)


async def compared(repository: Repository, upstream: BareRepo, before, after) -> Diff:
    base = upstream.commit(before)
    head = upstream.commit(after, base)
    return await repository.diff(base, head)


def by_path(diff: Diff) -> dict[str, FileDiff]:
    return {file.path: file for file in diff.files}


async def test_every_kind_of_change_is_told_apart(repository, upstream):
    text = b"".join(b"line %d\n" % n for n in range(20))
    module = upstream.commit({"x": b"x"}).encode()
    diff = await compared(
        repository,
        upstream,
        {
            "changed": text, "gone": text[:60], "old name": text + b"1\n", "source": text + b"2\n",
            "mode": b"#!\n", "became link": b"text\n", "was link": ("120000", b"target"),
            "image": b"\x89PNG\0\1", "module": ("160000", b"1" * 40), "was module":
            ("160000", b"2" * 40), "empty gone": b"",
        },
        {
            "changed": text + b"end\n", "gone": None, "old name": None,
            "new name": text + b"1\nmore\n", "source": text + b"2\nmore\n", "copy": text + b"2\n",
            "mode": ("100755", b"#!\n"), "became link": ("120000", b"/etc/passwd"),
            "was link": b"text\n", "image": b"\x89PNG\0\2", "module": ("160000", module),
            "was module": b"file\n", "empty new": b"", "empty gone": None, "new": b"no newline",
        },
    )  # fmt: skip
    files = by_path(diff)

    assert {path: (file.status, file.old_path) for path, file in files.items()} == {
        "changed": (FileStatus.MODIFIED, "changed"),
        "gone": (FileStatus.DELETED, "gone"),
        "new name": (FileStatus.RENAMED, "old name"),
        "source": (FileStatus.MODIFIED, "source"),
        "copy": (FileStatus.COPIED, "source"),
        "mode": (FileStatus.MODIFIED, "mode"),
        "became link": (FileStatus.TYPE_CHANGED, "became link"),
        "was link": (FileStatus.TYPE_CHANGED, "was link"),
        "image": (FileStatus.MODIFIED, "image"),
        "module": (FileStatus.MODIFIED, "module"),
        "was module": (FileStatus.TYPE_CHANGED, "was module"),
        "empty new": (FileStatus.RENAMED, "empty gone"),
        "new": (FileStatus.ADDED, "new"),
    }
    assert {path for path, file in files.items() if file.binary} == {"image"}
    assert {path for path, file in files.items() if file.submodule} == {"module", "was module"}
    assert (files["mode"].old_mode, files["mode"].new_mode) == ("100644", "100755")
    assert files["mode"].hunks == files["copy"].hunks == ()
    assert files["new"].hunks[0].lines == ("+no newline", "\\ No newline at end of file")
    assert files["module"].hunks[0].lines[1] == f"+Subproject commit {module.decode()}"
    assert files["changed"].added() == frozenset({21})
    assert len(files["changed"].new_blob) == 40


ODD = [
    b"a b", b"tab\there", b'quo"te', b"back\\slash", b"new\nline", b"\xff\xfe", "ü/日本".encode(),
    b"-dash", b"--", b"a => b", b"{x => y}/z", b" b/space", b"\x1b[31m", b"*", b":(top)x", b"CON",
    b"diff --git a", b"@@ -1 +1 @@",
]  # fmt: skip


async def test_files_keep_names_of_any_bytes(repository, upstream):
    diff = await compared(
        repository, upstream, dict.fromkeys(ODD, b"1\n"), dict.fromkeys(ODD, b"2\n")
    )

    assert sorted(f.path.encode("utf-8", "surrogateescape") for f in diff.files) == sorted(ODD)
    assert {file.hunks[0].lines for file in diff.files} == {("-1", "+2")}


@pytest.mark.parametrize("attribute", ["-diff", "binary", "diff=hidden", "-text", "filter=x"])
async def test_attributes_of_the_head_hide_nothing(repository, upstream, attribute):
    diff = await compared(
        repository,
        upstream,
        {"code.py": b"safe\n"},
        {"code.py": b"evil\n", ".gitattributes": f"* {attribute}\n".encode()},
    )

    changed = by_path(diff)["code.py"]
    assert not changed.binary
    assert changed.hunks[0].lines == ("-safe", "+evil")


async def test_a_large_file_is_in_the_diff_without_lines(repository, upstream):
    line = b"x" * 99 + b"\n"
    most = line * (MAX_DIFFED_BYTES // 100)

    files = by_path(
        await compared(repository, upstream, {"a": b""}, {"most": most, "more": most + line})
    )

    assert (files["more"].binary, files["more"].hunks) == (True, ())
    assert not files["most"].binary
    assert len(files["most"].lines(Side.RIGHT)) == MAX_DIFFED_BYTES // 100


async def test_a_diff_beyond_the_limit_is_refused(repository, upstream, monkeypatch):
    monkeypatch.setattr("bot.checkout.repository.MAX_DIFF_BYTES", 1000)

    with pytest.raises(TreeRefused, match="more than 1_000 bytes"):
        await compared(repository, upstream, {"a": b""}, {"a": b"line\n" * 1000})


async def test_what_github_refuses_to_show_is_read_here(repository, upstream):
    before = {f"d{n % 20}/{n}.py": b"line\n" * 60 for n in range(400)}
    after = {path: b"other %d\n" % len(path) * 80 for path in before}
    base = upstream.commit(before)
    head = upstream.commit(after, base)
    began = time.perf_counter()

    diff = await repository.diff(base, head)

    assert len(diff.files) == 400
    assert diff.changed_lines == 400 * 140
    assert time.perf_counter() - began < 5


LINES = st.lists(
    st.sampled_from([b"a", b"b", b"", b"--- a/x", b"+++ b/x", b"@@ -1 +1 @@", b"x\r", b"\xff",
                     b"diff --git a/f b/f", b"\\ No newline at end of file", b"-", b"+"]),
    max_size=12,
)  # fmt: skip
CONTENT = st.builds(
    lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"])
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> BareRepo:
    return BareRepo(tmp_path_factory.mktemp("property") / "repo.git")


@given(old=st.lists(CONTENT, min_size=3, max_size=3), new=st.lists(CONTENT, min_size=3, max_size=3))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_the_hunks_turn_the_old_file_into_the_new_one(shared, old, new):
    names = [b"f", b"g\n h", b"+++ b"]
    base = shared.commit(dict(zip(names, old, strict=True)))
    head = shared.commit(dict(zip(names, new, strict=True)), base)

    diff = await Repository(Git(), shared.path).diff(base, head)

    before = dict(zip(names, old, strict=True))
    after = dict(zip(names, new, strict=True))
    changed = {file.path.encode(): file for file in diff.files}
    for name in names:
        if name not in changed:
            assert before[name] == after[name]
        elif changed[name].status is FileStatus.MODIFIED:
            assert applied(before[name], changed[name]) == after[name]


def applied(content: bytes, file: FileDiff) -> bytes:
    """``content`` with the hunks applied, line by line, as a strict ``patch`` would."""
    old = _lines(content)
    new: list[bytes] = []
    done = 0
    for hunk in file.hunks:
        first = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        new += old[done:first]
        done = first
        assert hunk.new_start - (1 if hunk.new_lines else 0) == len(new)
        for number, line in enumerate(hunk.lines):
            open_end = hunk.lines[number + 1 : number + 2] == ("\\ No newline at end of file",)
            text = line[1:].encode("utf-8", "surrogateescape") + (b"" if open_end else b"\n")
            if line[0] in " -":
                assert old[done] == text
                done += 1
            if line[0] in " +":
                new.append(text)
    return b"".join(new + old[done:])


def _lines(content: bytes) -> list[bytes]:
    """Each with its newline; nothing else ends a line for git."""
    return [line for line in re.split(rb"(?<=\n)", content) if line]


async def test_a_bomb_is_refused_before_it_is_compared(repository, upstream):
    leaf = upstream.tree([("100644", b"%d" % n, upstream.blob(b"x")) for n in range(10)])
    for _level in range(8):
        leaf = upstream.tree([("40000", b"%d" % n, leaf) for n in range(10)])
    base = upstream.commit({"a": b"1"})
    head = upstream.commit_tree(leaf, base)

    began = time.perf_counter()
    with pytest.raises(TreeRefused, match="50,000"):
        await repository.diff(base, head)

    assert time.perf_counter() - began < 5


async def test_git_works_where_it_is_told(upstream):
    """A repository is never searched for: not from the working directory, not from above it."""
    answer = await Git().output(Place(git_dir=upstream.path), "rev-parse", "--absolute-git-dir")

    assert answer.decode().strip() == str(upstream.path.resolve())
