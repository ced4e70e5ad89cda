"""Which files are reviewed."""

from __future__ import annotations

import pytest

from bot.findings.scope import split
from bot.models import FileStatus, RepoConfig, Skipped
from tests.fakes.nouns import added, changed, diff, hunk

LINES = hunk(1, 1, "-old", "+new")


def reviewed(*patterns, paths):
    return sorted(split(diff(*(changed(p, LINES) for p in paths)), patterns).paths)


def test_the_last_match_wins():
    paths = ["a.lock", "keep.lock", "src/a.py"]
    assert reviewed("*.lock", "!keep.lock", paths=paths) == ["keep.lock", "src/a.py"]
    assert reviewed("!keep.lock", "*.lock", paths=paths) == ["src/a.py"]


def test_gitignore_syntax():
    paths = ["dist/x.js", "web/dist/y.js", "distant.py", "docs/a.md", "src/docs/b.md"]
    assert reviewed("dist/", "/docs/", paths=paths) == ["distant.py", "src/docs/b.md"]


def test_the_reason_names_the_pattern():
    scope = split(diff(changed("poetry.lock", LINES)), ["# note", "*.lock"])
    assert scope.skipped == (Skipped(path="poetry.lock", reason="ignored by `*.lock`"),)
    assert scope.paths == frozenset()


@pytest.mark.parametrize("path", ["go.sum", "node_modules/x/i.js", "a/b_pb2.py", "app.min.js"])
def test_generated_and_vendored_files_are_ignored_by_default(path):
    assert reviewed(*RepoConfig().ignored, paths=[path, "src/app.py"]) == ["src/app.py"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (changed("x", binary=True), "binary, or too large to compare"),
        (changed("lib", old_mode="160000", new_mode="160000"), "a submodule"),
        (changed("x", old_mode="100644", new_mode="100755"), "only its mode changed"),
        (changed("x", old_path="y", status=FileStatus.RENAMED), "renamed without a change"),
        (changed("x", old_path="y", status=FileStatus.COPIED), "copied without a change"),
        (changed("x", status=FileStatus.ADDED), "no lines changed"),
        (changed("x", new_mode="100755", status=FileStatus.ADDED), "no lines changed"),
        (changed("x"), "no lines changed"),
    ],
)
def test_files_with_nothing_to_read(file, reason):
    scope = split(diff(file), [])
    unread = reason.startswith(("binary", "a submodule"))
    assert scope.skipped == (Skipped(path=file.path, reason=reason, unread=unread),)


def test_a_deleted_file_is_reviewed():
    file = changed("x.py", hunk(1, 0, "-gone"), status=FileStatus.DELETED)
    assert split(diff(file), []).paths == {"x.py"}


def test_odd_names():
    names = ["caf\udce9.py", "a b.py", "n\nl.py", "ü.py"]
    assert split(diff(*(added(n) for n in names)), ["*.lock"]).paths == set(names)


def test_a_bad_pattern_costs_only_itself():
    scope = split(diff(changed("a.lock", LINES), changed("b.py", LINES)), ["!", "[z-a]", "*.lock"])
    assert scope.paths == {"b.py"}
    assert scope.problems == ("'!' is no gitignore pattern", "'[z-a]' is no gitignore pattern")
