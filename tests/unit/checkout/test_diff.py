"""What git prints becomes records, whatever the files are called and hold."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.checkout.diff import UnreadableDiff, parse_diff, split_output
from bot.models import FileDiff, FileStatus, Hunk

ZERO = "0" * 40
OLD, NEW = "1" * 40, "2" * 40
LETTERS = {
    FileStatus.ADDED: "A",
    FileStatus.MODIFIED: "M",
    FileStatus.DELETED: "D",
    FileStatus.RENAMED: "R087",
    FileStatus.COPIED: "C100",
    FileStatus.TYPE_CHANGED: "T",
}


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def printed(*files: FileDiff) -> bytes:
    """What git would print for these records."""
    records, patch = b"", b""
    for file in files:
        modes = f":{file.old_mode} {file.new_mode} {file.old_blob} {file.new_blob}"
        records += f"{modes} {LETTERS[file.status]}\0".encode()
        if file.status in (FileStatus.RENAMED, FileStatus.COPIED):
            records += encoded(file.old_path) + b"\0"
        records += encoded(file.path) + b"\0"
        if file.status is FileStatus.TYPE_CHANGED:
            patch += section(file.binary, file.hunks[:1]) + section(file.binary, file.hunks[1:])
        else:
            patch += section(file.binary, file.hunks)
    return records + b"\0" + patch if files else b""


def section(binary: bool, hunks: tuple[Hunk, ...]) -> bytes:
    text = 'diff --git "a/\\303\\244 b/x" "b/\\303\\244 b/x"\nindex 1..2 100644\n'
    if binary:
        text += "Binary files a/x and b/x differ\n"
    if hunks:
        text += "--- a/x\n+++ b/x\n"
    for hunk in hunks:
        old = f"{hunk.old_start}" + (f",{hunk.old_lines}" if hunk.old_lines != 1 else "")
        new = f"{hunk.new_start}" + (f",{hunk.new_lines}" if hunk.new_lines != 1 else "")
        heading = f" {hunk.heading}" if hunk.heading else ""
        text += f"@@ -{old} +{new} @@{heading}\n"
        text += "".join(f"{line}\n" for line in hunk.lines)
    return encoded(text)


def file(status: FileStatus = FileStatus.MODIFIED, path: str = "x", **more) -> FileDiff:
    fields = {
        "path": path,
        "old_path": path,
        "status": status,
        "old_mode": "000000" if status is FileStatus.ADDED else "100644",
        "new_mode": "000000" if status is FileStatus.DELETED else "100644",
        "old_blob": ZERO if status is FileStatus.ADDED else OLD,
        "new_blob": ZERO if status is FileStatus.DELETED else NEW,
    }
    return FileDiff(**{**fields, **more})


def hunk(*lines: str, old: int = 1, new: int = 1, heading: str = "") -> Hunk:
    return Hunk(
        old_start=old,
        old_lines=sum(line[0] in " -" for line in lines),
        new_start=new,
        new_lines=sum(line[0] in " +" for line in lines),
        heading=heading,
        lines=lines,
    )


def test_a_change_without_files_has_none():
    assert parse_diff(b"") == ()


def test_files_keep_their_exact_names_and_their_order():
    files = [
        file(path=name)
        for name in (
            "a b",
            'tab\tquote"',
            "new\nline",
            "-dash",
            "\udcff\udcfe",
            "ünï",
            ":100644",
            "",
        )
    ]

    assert list(parse_diff(printed(*files))) == files


@pytest.mark.parametrize("status", [FileStatus.RENAMED, FileStatus.COPIED])
def test_a_renamed_file_knows_both_names(status):
    renamed = file(status, path="new", old_path="old name", hunks=(hunk("-a", "+b"),))

    assert parse_diff(printed(renamed, file(path="next"))) == (renamed, file(path="next"))


def test_a_changed_type_is_one_file_that_leaves_and_comes():
    link = file(
        FileStatus.TYPE_CHANGED,
        old_mode="120000",
        hunks=(
            hunk("-target", "\\ No newline at end of file", new=0),
            hunk("+text", old=0),
        ),
    )

    (parsed, after) = parse_diff(printed(link, file(path="after")))

    assert parsed == link
    assert after.path == "after"


def test_a_submodule_that_becomes_a_file_has_two_sections_too():
    module = file(
        FileStatus.TYPE_CHANGED,
        old_mode="160000",
        hunks=(hunk("-Subproject commit 1", new=0), hunk("+text", old=0)),
    )

    (parsed,) = parse_diff(printed(module))

    assert parsed == module
    assert parsed.submodule


def test_content_that_looks_like_a_diff_stays_content():
    lines = (
        "--- a/x",
        "-diff --git a/x b/x",
        "+++ b/x",
        "+@@ -1 +1 @@",
        " diff --git a/y b/y",
        "+",
    )
    changed = file(
        hunks=(hunk(*lines), hunk("-@@ -1 +1 @@", "+Binary files a and b differ", old=90))
    )

    assert parse_diff(printed(changed, file(path="y"))) == (changed, file(path="y"))


def test_binary_files_and_pure_mode_changes_have_no_lines():
    binary = file(binary=True)
    mode = file(path="run.sh", new_mode="100755", new_blob=OLD)

    assert parse_diff(printed(binary, mode)) == (binary, mode)


def test_carriage_returns_and_undecodable_bytes_survive():
    changed = file(hunks=(hunk("-a\r", "+\udcff\udcc3", " \x0b\x0c\x85\u2028"),))

    assert parse_diff(printed(changed)) == (changed,)


TEXT = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=12)
NASTY = st.sampled_from(
    ["diff --git a/x b/x", "@@ -1,2 +3,4 @@ f", "-- a/x", "++ b/x", "Binary files x differ", "\\"]
)
LINE = st.builds(str.__add__, st.sampled_from(" +-"), TEXT | NASTY)


@st.composite
def hunks(draw):
    lines = draw(st.lists(LINE, min_size=1, max_size=6))
    if draw(st.booleans()):
        lines.append("\\ No newline at end of file")
    return hunk(
        *lines,
        old=draw(st.integers(0, 9999)),
        new=draw(st.integers(0, 9999)),
        heading=draw(TEXT).strip(" "),
    )


@st.composite
def files(draw):
    name = st.binary(min_size=1, max_size=8).filter(lambda b: b"\0" not in b)
    path = draw(name).decode("utf-8", "surrogateescape")
    status = draw(st.sampled_from(sorted(LETTERS)))
    more: dict[str, object] = {"hunks": tuple(draw(st.lists(hunks(), max_size=3)))}
    if status in (FileStatus.RENAMED, FileStatus.COPIED):
        more["old_path"] = draw(name).decode("utf-8", "surrogateescape")
    if status is FileStatus.TYPE_CHANGED:
        more["new_mode"] = "120000"
        more["hunks"] = (draw(hunks()), draw(hunks()))
    if not more["hunks"]:
        more["binary"] = draw(st.booleans())
    return file(status, path, **more)


@given(st.lists(files(), max_size=5))
@example([file(path=":100644 100644 1 2 M")])
def test_whatever_git_prints_is_read_back(change):
    assert list(parse_diff(printed(*change))) == change


@given(st.lists(files(), max_size=3), st.data())
def test_the_patch_is_found_behind_the_records(change, data):
    output = printed(*change)

    _, patch = split_output(output)

    assert patch == b"".join(
        section(f.binary, part)
        for f in change
        for part in (
            (f.hunks[:1], f.hunks[1:]) if f.status is FileStatus.TYPE_CHANGED else (f.hunks,)
        )
    )


GOOD = printed(file(hunks=(hunk("-a", "+b"),)))


@pytest.mark.parametrize(
    "output",
    [
        b":100644 100644 1 2 X\0x\0\0",
        b":100644 100644 1 2 M",
        b":100644 100644 1 2 M\0x",
        GOOD.replace(b"diff --git", b"diff --cc"),
        GOOD.replace(b"@@ -1 +1 @@", b"@@ what @@"),
        GOOD.replace(b"+b\n", b"?b\n"),
        GOOD.replace(b"+b\n", b"+b\n+c\n-d\n").replace(b"-1 +1", b"-1 +1,3"),
        GOOD.replace(b"+b\n", b""),
        GOOD + section(False, ()),
        GOOD[: GOOD.index(b"\0\0") + 2],
    ],
)
def test_what_is_no_diff_is_refused_not_guessed(output):
    with pytest.raises(UnreadableDiff):
        parse_diff(output)


@given(st.binary(max_size=200))
@example(GOOD[:-1])
def test_garbage_never_crashes(junk):
    for output in (junk, b":100644 100644 1 2 M\0x\0\0" + junk, GOOD + junk):
        try:
            parse_diff(output)
        except UnreadableDiff:
            continue


def test_four_hundred_files_and_thirty_thousand_lines_are_read_at_once():
    one = file(hunks=tuple(hunk(*["-old line", "+new line"] * 25, old=n) for n in (1, 100)))
    output = printed(*[one] * 400)
    assert output.count(b"\n") > 30_000

    began = time.perf_counter()
    parsed = parse_diff(output)

    assert len(parsed) == 400
    assert sum(len(h.lines) for f in parsed for h in f.hunks) == 40_000
    assert time.perf_counter() - began < 1
