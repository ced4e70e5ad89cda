"""Places inside a sandbox, and words that name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.paths import TREES as UNDERSTOOD
from bot.sandbox import bwrap
from bot.sandbox.fence import TREES, Fence, view_inside, view_outside
from bot.sandbox.programs import Mount

FENCE = Fence(
    tree=Path("/data/t/tree"),
    git_dir=Path("/data/m.git"),
    extra_ro=(Path("/data/t/change.diff"), Path("/srv/change.diff")),
)
VIEW = view_inside(FENCE, Path("/work"))


def test_everything_has_a_place_of_its_own():
    assert (VIEW.tree, VIEW.git_dir) == (Path("/work"), Path("/repo.git"))
    assert VIEW.extra == {
        Path("/data/t/change.diff"): Path("/run/harness/change.diff"),
        Path("/srv/change.diff"): Path("/run/harness/2-change.diff"),
    }


def test_without_a_mirror_there_is_no_place_for_it():
    assert view_inside(Fence(tree=Path("/t")), Path("/work")).git_dir is None


@pytest.mark.parametrize(
    ("word", "inside"),
    [
        ("/data/t/tree", "/work"),
        ("/data/t/tree/src/a.py", "/work/src/a.py"),
        ("/data/m.git", "/repo.git"),
        ("/data/t/change.diff", "/run/harness/change.diff"),
        ("/srv/change.diff", "/run/harness/2-change.diff"),
        ("/data/t/treehouse", "/data/t/treehouse"),
        ("/data/t", "/data/t"),
        ("--config=/data/t/tree/x", "--config=/data/t/tree/x"),
        ("data/t/tree", "data/t/tree"),
        ("", ""),
        ("/data/t/tree/" + "x" * 5000, "/data/t/tree/" + "x" * 5000),
    ],
)
def test_only_a_word_that_is_a_path_of_the_fence_is_translated(word, inside):
    assert VIEW.word(word) == inside


@given(st.text())
def test_any_word_is_left_alone_without_a_sandbox(word):
    assert view_outside(FENCE).word(word) == word


@given(st.text(alphabet=st.characters(exclude_characters="/\0")))
def test_any_word_that_is_no_path_is_left_alone(word):
    assert VIEW.word(word) == word


def test_a_link_to_the_tree_is_the_tree(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    view = view_inside(Fence(tree=tmp_path / "link"), Path("/work"))
    assert view.word(str(tmp_path / "link" / "a")) == "/work/a"
    assert view.word(str(tmp_path / "real" / "a")) == "/work/a"


def test_findings_understand_every_place_of_the_tree():
    assert tuple(f"{tree}/" for tree in TREES) == UNDERSTOOD


@pytest.mark.parametrize(
    ("programs", "place"),
    [
        ((), "/work"),
        (("/workshop/bin",), "/work"),
        (("/work/app/.venv/bin",), "/workspace"),
        (("/work",), "/workspace"),
        (("/workspace/x", "/work/x"), "/harness-tree"),
    ],
)
def test_the_tree_makes_room_for_programs_of_this_machine(programs, place):
    mounts = [Mount(source=Path(path), target=Path(path)) for path in programs]
    assert bwrap.place_of_tree(mounts) == Path(place)


@pytest.mark.parametrize(
    ("cwd", "place"),
    [
        (None, "/work"),
        (Path("/data/t/tree"), "/work"),
        (Path("/data/t/tree/src"), "/work/src"),
        (Path("/work/src"), "/work/src"),
        (Path("/etc"), "/work"),
    ],
)
def test_the_working_directory_is_in_the_tree(cwd, place):
    assert bwrap.place_of_cwd(cwd, FENCE, VIEW) == Path(place)
