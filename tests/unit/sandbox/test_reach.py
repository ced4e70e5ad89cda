"""Who may pass where, and the mounts that open exactly what is needed."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.errors import AgentFailed
from bot.models import FailureKind
from bot.sandbox import plan, reach
from bot.sandbox.fence import Fence
from bot.sandbox.identity import Identity, barrier, service_user, unreadable
from bot.sandbox.launcher import dropping, limited, numbered
from bot.sandbox.reach import Need, Staging, Unreachable, stage

STRANGER = Identity(uid=4_000_000, gid=4_000_000, name="stranger")


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """The test's own directory, open to everybody, with a closed one inside."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder not in (Path("/"), Path("/tmp")):
            folder.chmod(folder.stat().st_mode | 0o011)
    place = tmp_path / "closed"
    (place / "app" / "tree").mkdir(parents=True)
    (place / "app" / "file").write_text("")
    place.chmod(0o700)
    return place


def need(path: Path, **rest) -> Need:
    return Need(source=path, target=path, **rest)


def status(mode: int, uid: int = 1, gid: int = 2) -> os.stat_result:
    return os.stat_result((mode | stat.S_IFDIR, 0, 0, 0, uid, gid, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "granted"),
    [
        (1, 9, 0o700, True),
        (1, 2, 0o077, False),  # the owner's bits count, not those of others
        (9, 2, 0o070, True),
        (9, 2, 0o707, False),
        (9, 9, 0o007, True),
        (9, 9, 0o770, False),
        (9, 9, 0o005, True),
        (9, 9, 0o001, False),
    ],
)
def test_mode_bits_are_read_as_the_kernel_does(uid, gid, mode, granted):
    assert Identity(uid=uid, gid=gid, name="x").may(status(mode), 5) is granted


def test_the_first_closed_directory_is_the_barrier(closed):
    assert barrier(closed / "app" / "tree", STRANGER) == closed
    assert barrier(closed, STRANGER) is None


def test_what_is_closed_itself_is_told(closed):
    assert "closed (drwx------) cannot be read by user stranger" in unreadable(closed, STRANGER)
    assert unreadable(closed / "app", STRANGER) == ""
    assert unreadable(closed / "app" / "file", STRANGER) == ""
    assert unreadable(closed / "app" / "file", STRANGER, executed=True)


def test_what_can_be_reached_needs_no_mounts(closed):
    assert stage([need(closed), need(Path("/usr"))], STRANGER) is None


def test_only_what_is_needed_is_put_back(closed):
    tree = closed / "app" / "tree"
    staged = stage([need(tree), need(Path("/usr")), need(tree / "sub")], STRANGER)
    assert staged is not None
    assert staged.covers == (closed,)
    assert staged.needs == (need(tree),)


def test_a_writable_place_in_a_readable_one_is_put_back_on_its_own(closed):
    app, tree = need(closed / "app"), need(closed / "app" / "tree", writable=True)
    staged = stage([tree, app], STRANGER)
    assert staged is not None
    assert staged.needs == (app, tree)


def test_a_closed_directory_in_a_closed_one_is_covered_with_it(closed):
    (closed / "app").chmod(0o700)
    staged = stage([need(closed / "app" / "tree"), need(closed / "app")], STRANGER)
    assert staged is not None
    assert staged.covers == (closed,)


def test_the_words_for_the_script():
    staged = Staging(
        stash=Path("/mnt"),
        covers=(Path("/a"), Path("/b")),
        needs=(
            need(Path("/b/x y")),
            Need(source=Path("/a/1"), target=Path("/a/now"), writable=True),
        ),
    )
    words = staged.prefix(Path("/start"))
    assert words[: len(reach.LAUNCHER)] == reach.LAUNCHER
    assert words[len(reach.LAUNCHER) :] == (
        *("/start", "/mnt", "/a", "/b", "--"),
        *("+", "bind,ro,nosuid,nodev", "/mnt/1/x y", "/b/x y"),
        *("+", "bind,nosuid,nodev", "/mnt/0/1", "/a/now"),
        "--",
    )


def test_the_stash_hides_nothing_that_is_needed(closed, monkeypatch):
    for name in ("one", "two"):
        (closed.parent / name / "sub").mkdir(parents=True)
    one, two = closed.parent / "one", closed.parent / "two"
    monkeypatch.setattr(reach, "_STASHES", (Path("/nowhere"), one, closed, two))
    staged = stage([need(closed / "app"), need(one / "sub")], STRANGER)
    assert staged is not None
    assert staged.stash == two
    monkeypatch.setattr(reach, "_STASHES", (one, closed))
    with pytest.raises(Unreachable, match="no directory left"):
        stage([need(closed / "app"), need(one / "sub")], STRANGER)


def test_a_refusal_says_what_is_closed_and_what_to_do(closed):
    with pytest.raises(AgentFailed, match="install below a directory that every user") as caught:
        plan.staging([need(Path("/usr")), need(closed / "app")], STRANGER, "not permitted")
    assert str(closed / "app") in caught.value.message
    assert "not permitted" in caught.value.message
    assert caught.value.kind == FailureKind.SANDBOX


def test_whoever_is_not_root_needs_nothing(closed):
    assert plan.staging([need(closed / "app")], None, "not permitted") is None


def test_the_service_user_is_harness_or_nobody_and_never_root(monkeypatch):
    entries = {
        "harness": SimpleNamespace(pw_uid=0, pw_gid=0),
        "nobody": SimpleNamespace(pw_uid=99, pw_gid=98),
    }
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", entries.__getitem__)
    assert service_user() == Identity(uid=99, gid=98, name="nobody")
    entries["harness"] = SimpleNamespace(pw_uid=7, pw_gid=8)
    assert service_user() == Identity(uid=7, gid=8, name="harness")
    entries.clear()
    assert service_user() == Identity(uid=65534, gid=65534, name="65534")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert service_user() is None


def test_rights_are_given_up_for_good():
    words = dropping(STRANGER)
    assert {"--clear-groups", "--no-new-privs", "--bounding-set=-all"} <= set(words)
    assert words[-1] == "--"
    assert dropping(None) == ()


def test_limits_are_those_of_the_fence():
    fence = Fence(tree=Path("/t"), cpu_seconds=7, open_files=8, file_bytes=9, memory_bytes=6)
    rest = ("--nofile=8", "--fsize=9", "--cpu=7", "--core=0", "--")
    assert limited(fence, grouped=True)[1:] == rest
    assert limited(fence, grouped=False)[1:] == ("--data=6", *rest)
    assert limited(replace(fence, memory_bytes=None), grouped=False)[1:] == rest


def test_processes_are_counted_inside_only():
    assert numbered(Fence(tree=Path("/t"), pids=5))[1:] == ("--nproc=5", "--")
    assert numbered(Fence(tree=Path("/t"), pids=None)) == ()
