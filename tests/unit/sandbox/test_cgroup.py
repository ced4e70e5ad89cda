"""Where control groups are looked for, and what is written into one."""

import os
from pathlib import Path

import pytest

from bot.sandbox.cgroup import PREFIX, Group, Groups, found, make

GIB = 1024**3


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own"
    file.write_text(text)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def test_the_older_kind_is_looked_for_at_our_own_group_then_above(tmp_path, root):
    (root / "memory").mkdir(parents=True)
    groups = found(root, own(tmp_path, "9:cpu:/\n4:memory:/docker/abc\n0::/\n"))
    assert groups is not None
    assert groups.base == root / "memory"
    assert groups.limit == "memory.limit_in_bytes"


@pytest.mark.parametrize("controllers", ["cpu memory pids", "cpu pids"])
def test_the_newer_kind_counts_where_memory_was_delegated(tmp_path, root, controllers):
    place = root / "harness.service"
    place.mkdir(parents=True)
    (place / "cgroup.subtree_control").write_text(controllers)
    groups = found(root, own(tmp_path, "0::/harness.service\n"))
    # What a directory of the kernel has as files stays here, and so does the group.
    assert (groups is not None and groups.base == place) is ("memory" in controllers)


def test_what_a_killed_harness_left_goes_and_what_was_just_made_stays(tmp_path, root):
    base = root / "memory"
    old, new = base / f"{PREFIX}old", base / f"{PREFIX}new"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (1, 1))
    found(root, own(tmp_path, "4:memory:/\n"))
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize("text", ["", "nonsense", "4:memory:/../../etc\n", "0::/../..\n"])
def test_there_may_be_none(tmp_path, root, text):
    root.mkdir()
    assert found(root, own(tmp_path, text)) is None
    assert found(root, tmp_path / "missing") is None


def test_memory_and_swap_are_limited_in_each_kinds_own_words(tmp_path):
    older = Groups(base=tmp_path, limit="limit", swap="memory.memsw.limit_in_bytes", events="e")
    newer = Groups(base=tmp_path, limit="limit", swap="memory.swap.max", events="e")
    first, second = make(older, GIB), make(newer, GIB)
    assert (first.path / "limit").read_text() == (second.path / "limit").read_text() == str(GIB)
    assert (first.path / older.swap).read_text() == str(GIB)
    assert (second.path / newer.swap).read_text() == "0"
    assert first.path.name.startswith(PREFIX)
    assert first.joining()[-1] == str(first.path / "cgroup.procs")


def test_a_kill_for_memory_is_read_from_its_counter(tmp_path):
    group = Group(path=tmp_path, kinds=Groups(base=tmp_path, limit="l", swap="s", events="events"))
    assert not group.killed()
    (tmp_path / "events").write_text("low 0\noom 1\noom_kill 0\n")
    assert not group.killed()
    (tmp_path / "events").write_text("low 0\noom 3\noom_kill 2\n")
    assert group.killed()
