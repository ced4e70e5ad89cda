"""Which instruction files of the base branch are about a change. Pure.

Of each name the nearest file wins: ``AGENTS.md`` beside a file counts for it, and the one at the
root does not any more. Nothing of a head is ever asked: a change would instruct its own reviewers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import pathspec

from bot.models import PathInstruction
from bot.models.context import Guide

NAMES = ("AGENTS.md", "CLAUDE.md", "GEMINI.md")
COPILOT = ".github/copilot-instructions.md"
"""Is about the whole tree."""
MAX_GUIDES = 12
MAX_LETTERS = 20_000
"""Of one file; the rest is left out, and that is said."""


def wanted(paths: Iterable[str], there: Collection[str]) -> tuple[str, ...]:
    """Guides among the files ``there`` that are about ``paths``, those nearest the root first."""
    found = {path for path in dict.fromkeys(paths) for path in _nearest(path, there)}
    if COPILOT in there:
        found.add(COPILOT)
    return tuple(sorted(found, key=lambda path: (path.count("/"), path)))[:MAX_GUIDES]


def guides_for(paths: Sequence[str], guides: Sequence[Guide]) -> tuple[Guide, ...]:
    """Those about some of the paths; the same text twice is told once."""
    there = {guide.path: guide for guide in guides}
    about = [there[path] for path in wanted(paths, there)] if paths else list(guides)
    return tuple({guide.text.strip(): guide for guide in reversed(about)}.values())[::-1]


def instructions_for(
    paths: Sequence[str], instructions: Sequence[PathInstruction]
) -> tuple[PathInstruction, ...]:
    """Those whose patterns match some of the paths; all of them where no paths are known."""
    return tuple(
        instruction
        for instruction in instructions
        if not paths
        or any(map(pathspec.GitIgnoreSpec.from_lines(instruction.paths).match_file, paths))
    )


def _nearest(path: str, there: Collection[str]) -> Iterator[str]:
    folders = PurePosixPath(path).parents
    for name in NAMES:
        for folder in folders:
            guide = str(folder / name)
            if guide in there:
                yield guide
                break
