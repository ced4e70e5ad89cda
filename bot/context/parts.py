"""A change too large for one prompt, in coherent parts: by directory, each small enough. Pure.

Neighbours in the tree stay together as long as they fit. A single file larger than a prompt is a
part of its own, whose diff the prompt then names instead of holding. Beyond `MAX_PARTS` files are
read by nobody, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from bot.context.fence import render_file
from bot.context.prompt import MAX_FILES
from bot.context.sections import PROMPT_TOKENS
from bot.context.tokens import Count, estimate
from bot.findings.scope import split
from bot.models import Diff, FileDiff, Part, Skipped

PART_TOKENS = PROMPT_TOKENS * 3 // 5
"""Of diff in one prompt; the rest is for what is told about it."""
MAX_PARTS = 8
MOST_LETTERS = 30

Scope = tuple[tuple[Part, ...], tuple[Skipped, ...]]


def scoped(
    diff: Diff, patterns: Sequence[str], *, room: int = PART_TOKENS, count: Count = estimate
) -> Scope:
    """(the parts that are read, every file that nobody reads with the reason)."""
    scope = split(diff, patterns)
    files = [file for file in diff.files if file.path in scope.paths]
    parts = parted(files, room=room, count=count)
    beyond = tuple(
        Skipped(path=path, reason=f"the change has more than {MAX_PARTS} prompts", unread=True)
        for part in parts[MAX_PARTS:]
        for path in part.paths
    )
    return parts[:MAX_PARTS], (*scope.skipped, *beyond)


def parted(files: Sequence[FileDiff], *, room: int, count: Count = estimate) -> tuple[Part, ...]:
    """Every file in exactly one part, in the order of their paths; none is empty."""
    costs = {file.path: _cost(file, room, count) for file in files}

    def fits(paths: Sequence[str]) -> bool:
        return len(paths) <= MAX_FILES and sum(costs[path] for path in paths) <= room

    found = _split(sorted(costs, key=lambda path: path.split("/")), 0, fits) if costs else []
    return tuple(Part(folder=_common(paths), paths=tuple(paths)) for paths in found)


def _cost(file: FileDiff, room: int, count: Count) -> int:
    text = render_file(file)
    return room + 1 if len(text) > room * MOST_LETTERS else count(text)


def _split(paths: list[str], depth: int, fits: Callable[[Sequence[str]], bool]) -> list[list[str]]:
    """``paths`` share their first ``depth`` folders."""
    if len(paths) == 1 or fits(paths):
        return [paths]
    found: list[list[str]] = []
    for _name, group in groupby(paths, key=lambda path: _at(path, depth)):
        members = list(group)
        # One name alone is a step down the tree; a file has no more steps.
        for part in _split(members, depth + 1, fits):
            if found and fits([*found[-1], *part]):
                found[-1].extend(part)
            else:
                found.append(part)
    return found


def _at(path: str, depth: int) -> str:
    pieces = path.split("/")
    return pieces[depth] if depth < len(pieces) else ""


def _common(paths: Sequence[str]) -> str:
    """The folder that holds all of them; empty for the root."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = folders[0]
    for folder in folders[1:]:
        length = next(
            (n for n, pair in enumerate(zip(shared, folder, strict=False)) if pair[0] != pair[1]),
            min(len(shared), len(folder)),
        )
        shared = shared[:length]
    return "/".join(shared)
