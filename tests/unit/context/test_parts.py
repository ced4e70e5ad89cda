"""A change too large for one prompt: coherent parts, every file in one of them or named."""

from hypothesis import given
from hypothesis import strategies as st

from bot.context.fence import render_file
from bot.context.parts import MAX_PARTS, parted, scoped
from bot.context.prompt import MAX_FILES
from bot.models import Diff, FileDiff, FileStatus, Hunk


def file(path, letters=10):
    hunk = Hunk(old_start=1, old_lines=0, new_start=1, new_lines=1, lines=("+" + "x" * letters,))
    return FileDiff(path=path, old_path=path, status=FileStatus.MODIFIED, hunks=(hunk,))


def diff(*files):
    return Diff(base_sha="b" * 40, head_sha="a" * 40, files=files)


def folders(parts):
    return [(part.folder, part.paths) for part in parts]


def test_what_fits_is_one_part():
    assert folders(parted([file("b/x.py"), file("a.py")], room=1_000)) == [("", ("a.py", "b/x.py"))]


def test_folders_stay_together_and_small_neighbours_join():
    files = [file(f"{name}/{n}.py", 300) for name in ("api", "db", "web") for n in range(3)]
    files += [file("docs/a.md"), file("setup.py")]
    one = len(render_file(files[0]))
    parts = parted(files, room=one * 3 + 20, count=len)
    assert [part.folder for part in parts] == ["api", "db", "", "web"]
    assert parts[2].paths == ("docs/a.md", "setup.py")


def test_a_folder_too_large_is_split_below():
    files = [file(f"src/{name}/{n}.py", 300) for name in ("a", "b") for n in range(3)]
    one = len(render_file(files[0]))
    assert [p.folder for p in parted(files, room=one * 3, count=len)] == ["src/a", "src/b"]


def test_a_file_too_large_is_a_part_by_itself():
    assert [
        p.paths for p in parted([file("a.py"), file("big.py", 9_000), file("c.py")], room=500)
    ] == [
        ("a.py",),
        ("big.py",),
        ("c.py",),
    ]


def test_no_part_names_more_files_than_a_prompt_does():
    parts = parted([file(f"f{n:05}") for n in range(MAX_FILES + 1)], room=10**9)
    assert max(len(part.paths) for part in parts) <= MAX_FILES
    assert sum(len(part.paths) for part in parts) == MAX_FILES + 1


def test_beyond_the_last_part_files_are_unread_and_said_to_be():
    files = [file(f"d{n:02}/a.py", 300) for n in range(MAX_PARTS + 2)]
    one = len(render_file(files[0]))
    parts, skipped = scoped(diff(*files, file("x.lock")), ["*.lock"], room=one, count=len)
    assert len(parts) == MAX_PARTS
    assert [(s.path, s.unread) for s in skipped] == [
        ("x.lock", False),
        (f"d{MAX_PARTS:02}/a.py", True),
        (f"d{MAX_PARTS + 1:02}/a.py", True),
    ]


def test_an_empty_change_has_no_parts():
    assert parted([], room=10) == ()


PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c.py", "d"]), min_size=1, max_size=4).map("/".join),
    unique=True,
    max_size=20,
)


@given(PATHS, st.integers(1, 400))
def test_every_file_is_in_exactly_one_part_and_no_part_is_too_large(paths, room):
    files = [file(path, 30) for path in paths]
    parts = parted(files, room=room, count=len)
    assert sorted(path for part in parts for path in part.paths) == sorted(paths)
    costs = {f.path: len(render_file(f)) for f in files}
    for part in parts:
        assert len(part.paths) == 1 or sum(costs[path] for path in part.paths) <= room
        assert all(path.startswith(f"{part.folder}/" if part.folder else "") for path in part.paths)
    assert parted(files[::-1], room=room, count=len) == parts
