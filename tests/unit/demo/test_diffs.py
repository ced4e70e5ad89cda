"""git's diff as GitHub shows it."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.diffs import MAX_FILE_LINES, File, clip, moved_line, parse

BLOB = "1" * 40
PATCH = """\
diff --git a/app.py b/app.py
index 1..2 100644
--- a/app.py
+++ b/app.py
@@ -1,4 +1,5 @@ def first():
 one
-two
+zwei
+drei
 vier
 diff --git a/not b/this
@@ -20,3 +21,2 @@
 a
-b
 c
\\ No newline at end of file
"""


def raw(letter: str, *paths: bytes, patch: str = PATCH) -> bytes:
    head = f":100644 100644 {'0' * 40} {BLOB} {letter}".encode()
    return head + b"\0" + b"\0".join(paths) + b"\0\0" + patch.encode()


def test_hunks_count_both_sides() -> None:
    (file,) = parse(raw("M", b"app.py"))
    first, second = file.hunks
    assert [(r.old, r.new, r.mark) for r in first.rows] == [
        (1, 1, " "), (2, None, "-"), (None, 2, "+"), (None, 3, "+"), (3, 4, " "), (4, 5, " "),
    ]  # fmt: skip
    assert [(r.old, r.new) for r in second.rows] == [(20, 21), (21, None), (22, 22), (None, None)]
    assert (file.additions, file.deletions, file.sha) == (2, 2, BLOB)
    assert file.patch is not None
    assert file.patch.startswith("@@ -1,4 +1,5 @@ def first():\n one\n")
    assert file.patch.endswith("\\ No newline at end of file")


def test_a_line_of_code_that_looks_like_a_header_is_code() -> None:
    (file,) = parse(raw("M", b"app.py"))
    assert file.hunks[0].rows[-1].text == "diff --git a/not b/this"


def test_statuses_and_names() -> None:
    (renamed,) = parse(raw("R090", b"old.py", b"new.py"))
    assert (renamed.status, renamed.old_path, renamed.path) == ("renamed", "old.py", "new.py")
    (odd,) = parse(raw("A", b"a\nb\xff.py"))
    assert odd.path == "a\nb\ufffd.py"
    binary = "diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ\n"
    (file,) = parse(raw("M", b"x", patch=binary))
    assert (file.binary, file.patch, file.hunks) == (True, None, ())


def test_a_type_change_has_two_parts_and_the_second_counts() -> None:
    twice = PATCH + "diff --git a/app.py b/app.py\nnew file mode 120000\n@@ -0,0 +1 @@\n+target\n"
    (file,) = parse(raw("T", b"app.py", patch=twice))
    assert (file.status, file.patch) == ("changed", "@@ -0,0 +1 @@\n+target")


def test_an_empty_diff() -> None:
    assert parse(b"") == ()


def test_what_is_too_large_is_not_shown() -> None:
    lines = MAX_FILE_LINES // 2 + 1
    patch = "@@ -0,0 +1 @@\n" + "+x\n" * lines
    (half,) = parse(raw("M", b"a", patch=f"diff --git a/a b/a\n{patch}"))
    assert half.patch is not None
    both = clip([half, dataclasses.replace(half, path="b")])
    assert [file.patch is None for file in both] == [False, True]
    assert both[1].additions == lines
    huge = dataclasses.replace(half, patch="x" * 500_001)
    assert clip([huge])[0].hunks == ()


def test_lines_move_with_what_is_above_them() -> None:
    (file,) = parse(raw("M", b"app.py"))
    moves = {line: moved_line(file.hunks, line) for line in (1, 2, 3, 10, 20, 21, 22, 40)}
    assert moves == {1: 1, 2: None, 3: 4, 10: 11, 20: 21, 21: None, 22: 22, 40: 40}


@given(st.integers(1, 60))
def test_without_changes_nothing_moves(line: int) -> None:
    assert moved_line((), line) == line


def test_a_file_without_hunks_has_no_lines() -> None:
    assert File(path="a", old_path="a", status="renamed", sha=BLOB, patch=None).hunks == ()
