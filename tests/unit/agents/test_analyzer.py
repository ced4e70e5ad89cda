from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.analyzer import Names, absent, argument, batches, select, touched
from bot.models import (
    Diff,
    FileDiff,
    FileStatus,
    Finding,
    Hunk,
    RunConfig,
    Severity,
    Workspace,
)


def changed(
    path: str,
    lines: tuple[str, ...] = ("+x",),
    *,
    status: FileStatus = FileStatus.MODIFIED,
    mode: str = "100644",
    binary: bool = False,
) -> FileDiff:
    hunk = Hunk(old_start=1, old_lines=1, new_start=1, new_lines=1, lines=lines)
    return FileDiff(
        path=path,
        old_path=path,
        status=status,
        new_mode=mode,
        binary=binary,
        hunks=(hunk,) if lines else (),
    )


def diff(*files: FileDiff) -> Diff:
    return Diff(base_sha="b", head_sha="h", files=files)


def config(tree: Path, *files: FileDiff, ignored: frozenset[str] = frozenset()) -> RunConfig:
    workspace = Workspace(tree=tree, git_dir=tree, diff_file=tree / "diff")
    return RunConfig(workspace=workspace, diff=diff(*files), ignored=ignored)


def python(path: str) -> bool:
    return path.endswith(".py")


def test_what_should_be_analyzed_and_is_not_in_the_tree_is_known(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("x")
    change = config(
        tmp_path,
        changed("here.py"),
        changed(".claude/hidden.py", status=FileStatus.ADDED),
        changed(".claude/ignored.py"),
        changed(".claude/text.md"),
        changed("gone.py", status=FileStatus.DELETED, mode="000000"),
        ignored=frozenset({".claude/ignored.py"}),
    )
    assert absent(change, python) == (".claude/hidden.py",)


def test_only_changed_regular_files_of_its_language_are_analyzed(tmp_path: Path) -> None:
    for name in ("new.py", "old.py", "run.py", "ignored.py", "text.md", "binary.py", "moved.py"):
        (tmp_path / name).write_text("x")
    (tmp_path / "swapped.py").symlink_to("new.py")
    (tmp_path / "folder.py").mkdir()

    found = select(
        config(
            tmp_path,
            changed("new.py", status=FileStatus.ADDED),
            changed("old.py"),
            changed("run.py", mode="100755", status=FileStatus.RENAMED),
            changed("moved.py", lines=(), status=FileStatus.RENAMED),
            changed("ignored.py"),
            changed("text.md"),
            changed("binary.py", binary=True),
            changed("gone.py", status=FileStatus.DELETED, mode="000000"),
            changed("missing.py"),
            changed("link.py", mode="120000"),
            changed("module.py", mode="160000"),
            changed("swapped.py"),
            changed("folder.py"),
            ignored=frozenset({"ignored.py"}),
        ),
        python,
    )

    assert found == ("new.py", "old.py", "run.py")


def test_without_a_tree_there_is_nothing_to_analyze() -> None:
    assert select(RunConfig(), python) == ()


def test_no_name_can_be_an_option_or_a_response_file() -> None:
    assert [argument(path) for path in ("-r.py", "@args.py", "a/b.py")] == [
        "./-r.py",
        "./@args.py",
        "./a/b.py",
    ]


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=30)), st.integers(20, 200))
def test_batches_keep_every_file_in_order_and_within_the_limit(
    paths: list[str], limit: int
) -> None:
    made = list(batches(paths, limit))

    assert [path for batch in made for path in batch] == paths
    for batch in made:
        assert len(batch) == 1 or sum(len(path) + 2 + 9 for path in batch) <= limit


@pytest.mark.parametrize("path", ["a.py", "a b/\u00e4\n.py", "-x.py", "b\udcff.py"])
def test_printed_names_lead_back_to_the_path(tmp_path: Path, path: str) -> None:
    names = Names(tmp_path, [path, "other.py"])
    lossy = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    for printed in (path, f"./{path}", f"././{path}", lossy, f"{tmp_path}/{path}", f"/work/{path}"):
        assert names.path(printed) == path


def test_a_name_that_was_not_given_or_is_not_certain_is_none(tmp_path: Path) -> None:
    names = Names(tmp_path, ["b\udcff.py", "b\udcfe.py"])

    assert names.path("b\N{REPLACEMENT CHARACTER}.py") is None
    assert names.path("b\udcff.py") == "b\udcff.py"
    assert names.path("/etc/passwd") is None
    assert names.path("") is None


def finding(file: str, line: int | None, end_line: int | None = None) -> Finding:
    return Finding(
        agent="ruff",
        severity=Severity.MINOR,
        file=file,
        line=line,
        end_line=end_line,
        description="x",
    )


def test_findings_count_on_touched_lines_only() -> None:
    change = diff(
        changed("a.py", (" one", "+two", "-gone", " three", "+four")),
        changed("new.py", ("+one",), status=FileStatus.ADDED),
        changed("gone.py", ("-one",), status=FileStatus.DELETED),
    )
    inside = (
        finding("a.py", 2),
        finding("a.py", 1, 2),
        finding("a.py", 4),
        finding("new.py", 1),
        finding("new.py", None),
    )
    outside = (
        finding("a.py", 1),
        finding("a.py", 3),
        finding("a.py", 5, 9),
        finding("a.py", None),
        finding("gone.py", 1),
        finding("gone.py", None),
        finding("elsewhere.py", 1),
    )

    kept, dropped = touched([*outside, *inside], change)

    assert kept == inside
    assert dropped == len(outside)
