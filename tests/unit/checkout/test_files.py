"""Trees that strangers filled are read, compared and removed without following a link."""

import os
from pathlib import Path

import pytest

from bot.checkout.files import has_shape, open_to_readers, read_file, remove, umask_of_process
from bot.checkout.listing import DIRECTORY, FILE, LINK


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("outside")
    root = tmp_path / "tree"
    (root / "d" / "e").mkdir(parents=True)
    (root / "d" / "e" / "f").write_bytes(b"content")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "d" / "up").symlink_to(tmp_path / "outside")
    os.mkfifo(root / "pipe")
    return root


def test_a_regular_file_is_read(tree):
    assert read_file(tree, "d/e/f", 7) == b"content"


@pytest.mark.parametrize(
    "path",
    ["link", "d/up/secret", "pipe", "d", "missing", "d/e/f/g", "../secret", "d/../../secret", "",
     "/", "./d/e/f", "/etc/passwd", "d//e", "a\0b", "\ud800"],
)  # fmt: skip
def test_whatever_is_no_regular_file_of_the_tree_is_not_read(tree, path):
    assert read_file(tree, path, 1000) is None


def test_a_file_above_the_limit_is_not_read(tree):
    assert read_file(tree, "d/e/f", 6) is None


def test_a_tree_that_is_a_link_is_not_read(tree, tmp_path):
    (tmp_path / "other").symlink_to(tree)

    assert read_file(tmp_path / "other", "d/e/f", 100) is None


def test_names_that_are_no_text_are_read(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"x")

    assert read_file(tmp_path, "\udcff", 10) == b"x"


SHAPE = {
    b"d": DIRECTORY,
    b"d/e": DIRECTORY,
    b"d/e/f": FILE,
    b"d/up": LINK,
    b"link": LINK,
}


def test_a_tree_has_its_shape(tree):
    (tree / "pipe").unlink()

    assert has_shape(tree, SHAPE)


def foreign_file(tree: Path) -> None:
    (tree / "foreign").write_text("x")


def repository(tree: Path) -> None:
    (tree / ".git").mkdir()


def nested_repository(tree: Path) -> None:
    (tree / "d" / "e" / ".git").write_text("gitdir: /tmp")


def missing_file(tree: Path) -> None:
    (tree / "d" / "e" / "f").unlink()


def file_for_link(tree: Path) -> None:
    (tree / "link").unlink()
    (tree / "link").write_text("x")


def pipe_for_file(tree: Path) -> None:
    (tree / "d" / "e" / "f").unlink()
    os.mkfifo(tree / "d" / "e" / "f")


def link_for_directory(tree: Path) -> None:
    (tree / "d" / "e").rename(tree.parent / "moved")
    (tree / "d" / "e").symlink_to(tree.parent / "moved")


@pytest.mark.parametrize(
    "change",
    [
        foreign_file,
        repository,
        nested_repository,
        missing_file,
        file_for_link,
        pipe_for_file,
        link_for_directory,
    ],
)
def test_anything_more_less_or_else_is_another_shape(tree, change):
    (tree / "pipe").unlink()
    change(tree)

    assert not has_shape(tree, SHAPE)


def test_removing_takes_the_tree_and_nothing_it_points_to(tree, tmp_path):
    (tree / "d" / "e" / "shut").mkdir(mode=0o500)

    remove(tree)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "secret"]
    assert (tmp_path / "outside" / "secret").read_text() == "outside"


def test_a_tree_of_three_thousand_levels_is_removed(tmp_path):
    top = tmp_path / "tree"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)

    remove(top)

    assert not top.exists()


def test_a_directory_that_is_moved_meanwhile_leads_nowhere_else(tmp_path, monkeypatch):
    (tmp_path / "tree" / "a" / "b").mkdir(parents=True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "b").mkdir()
    real = os.rmdir

    def moving(name, *, dir_fd=None):
        real(name, dir_fd=dir_fd)
        if name == "b":
            (tmp_path / "tree" / "a").rename(tmp_path / "precious" / "a")

    monkeypatch.setattr(os, "rmdir", moving)
    with pytest.raises(OSError, match="moved while"):
        remove(tmp_path / "tree")

    assert (tmp_path / "precious" / "a").is_dir()


def test_removing_what_is_not_there_or_no_directory_is_fine(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")

    for name in ("missing", "file", "link"):
        remove(tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_tree_is_opened_to_other_users(tree):
    (tree / "pipe").unlink()
    (tree / "run").write_text("")
    (tree / "run").chmod(0o700)
    (tree / "d").chmod(0o700)
    (tree / "d" / "e" / "f").chmod(0o600)

    open_to_readers(tree)

    modes = {name: (tree / name).stat().st_mode & 0o777 for name in ("", "d", "d/e/f", "run")}
    assert modes == {"": 0o755, "d": 0o755, "d/e/f": 0o644, "run": 0o755}
    assert (tree.parent / "secret").stat().st_mode & 0o111 == 0


def test_the_umask_is_read_without_changing_it():
    before = os.umask(0o027)
    try:
        assert umask_of_process() == 0o027
    finally:
        os.umask(before)
