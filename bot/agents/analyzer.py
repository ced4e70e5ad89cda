"""Which files an analyzer is given, how it names them, and which of its findings count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bot.models import Diff, FileDiff, FileStatus, Finding, RunConfig
from bot.sandbox.fence import TREES

MAX_ARGUMENTS = 100_000
"""Bytes of file names on one command line."""
_PER_ARGUMENT = 9  # the terminating NUL and the pointer


def select(config: RunConfig, matches: Callable[[str], bool]) -> tuple[str, ...]:
    """Paths to analyze: added or modified, not ignored, regular files that lie in the tree."""
    if config.diff is None or config.workspace is None:
        return ()
    tree = config.workspace.tree
    return tuple(
        file.path for file in _wanted(config.diff, config, matches) if _regular(tree / file.path)
    )


def absent(config: RunConfig, matches: Callable[[str], bool]) -> tuple[str, ...]:
    """Paths that should be analyzed and do not lie in the tree: what configures agents is not."""
    if config.diff is None or config.workspace is None:
        return ()
    tree = config.workspace.tree
    return tuple(
        file.path
        for file in _wanted(config.diff, config, matches)
        if not _regular(tree / file.path)
    )


def batches(paths: Sequence[str], limit: int = MAX_ARGUMENTS) -> Iterator[tuple[str, ...]]:
    """Command lines of file names, each within the limit (a single longer name goes alone)."""
    batch: list[str] = []
    size = 0
    for path in paths:
        cost = len(argument(path).encode("utf-8", "surrogateescape")) + _PER_ARGUMENT
        if batch and size + cost > limit:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(path)
        size += cost
    if batch:
        yield tuple(batch)


def argument(path: str) -> str:
    """A name that no program takes for an option, a response file or a remote repository."""
    return f"./{path}"


class Names:
    """Brings the names in a program's output back to the paths it was given.

    A program may print them relative, or as the tree is called outside or inside a sandbox.
    """

    def __init__(self, tree: Path, paths: Iterable[str]) -> None:
        self._paths: dict[str, str | None] = {}
        roots = {"", *(f"{root}/" for root in (tree, tree.resolve(), *TREES))}
        for path in paths:
            for name in {root + path for root in roots}:
                for printed in {name, _lossy(name)}:
                    # Two files whose names print alike: neither is guessed.
                    taken = self._paths.get(printed, path) != path
                    self._paths[printed] = None if taken else path

    def path(self, printed: str) -> str | None:
        """None for a name that is not one of the given files."""
        while printed.startswith("./"):
            printed = printed[2:]
        return self._paths.get(printed)


def touched(findings: Sequence[Finding], diff: Diff) -> tuple[tuple[Finding, ...], int]:
    """Findings on lines that the change added or altered, and how many others there were."""
    added = {file.path: file for file in diff.files}
    lines = {path: file.added() for path, file in added.items()}
    kept = tuple(f for f in findings if _on_touched(f, added.get(f.file), lines))
    return kept, len(findings) - len(kept)


def _on_touched(finding: Finding, file: FileDiff | None, lines: dict[str, frozenset[int]]) -> bool:
    if file is None or file.status is FileStatus.DELETED:
        return False
    if finding.line is None:
        return file.status is FileStatus.ADDED
    last = finding.end_line or finding.line
    return any(finding.line <= line <= last for line in lines[finding.file])


def _wanted(diff: Diff, config: RunConfig, matches: Callable[[str], bool]) -> Iterator[FileDiff]:
    for file in diff.files:
        if matches(file.path) and file.path not in config.ignored and _analyzable(file):
            yield file


def _analyzable(file: FileDiff) -> bool:
    return (
        file.status is not FileStatus.DELETED
        and not file.binary
        and not file.submodule
        and file.new_mode.startswith("100")
        and bool(file.hunks)  # a mere rename touches no line
    )


def _regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _lossy(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
