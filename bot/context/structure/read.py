"""Asks a process behind an analyzer's fence what a tree is made of.

Parsers are C code. What a stranger wrote may end the process, hang it or fill its memory, and then
there is no structure to tell; it reaches neither harness nor anything else.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import bot
from bot.context.structure.wire import MAX_ANSWER, Asked, Structure, encode, is_text, structure
from bot.errors import AgentFailed
from bot.models import Diff, FileStatus, Side
from bot.models.structure import MAX_PINS
from bot.process import Command
from bot.sandbox.fence import MIB, Fence
from bot.sandbox.port import Child, Launcher

SECONDS = 60.0
MEMORY = 2048 * MIB
MAX_FILES = 400
"""Of a change that are asked about; those with most changed lines come first."""
MAX_LINES = 5_000
"""Changed lines of one file."""
OUTLINE_TOKENS = 16_000
OUTLINE_TOKENS_OF_ONE = 2_500

_START = (
    "import sys; sys.path.insert(0, sys.argv[1].rpartition('/')[0]);"
    " from bot.context.structure.program import main; main()"
)
"""Inside, harness lies elsewhere; isolated, so nothing of the tree is on the path."""


async def read(
    tree: Path, diff: Diff, paths: frozenset[str], launcher: Launcher, *, seconds: float = SECONDS
) -> Structure:
    """Outlines and pins of the files ``paths`` of the diff; `AgentFailed` says why there are none.

    The tree is read and never executed, so it runs where no sandbox works, as analyzers do.
    """
    asked = _asked(diff, paths)
    if not asked.files:
        return Structure()
    package = Path(bot.__file__).parent
    command = Command(
        argv=(sys.executable, "-I", "-B", "-c", _START, str(package)),
        env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        cwd=tree,
        stdin=encode(asked),
    )
    fence = Fence(tree=tree, extra_ro=(package,), memory_bytes=MEMORY, cpu_seconds=int(seconds) + 1)
    child = await launcher.start(command, fence, trusted=True)
    try:
        async with asyncio.timeout(seconds):
            answer = await _answer(child)
            code = await child.wait()
    except TimeoutError:
        raise AgentFailed(f"reading the tree took more than {seconds:g} s", "timeout") from None
    finally:
        await child.kill()
    if code:
        last = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise AgentFailed(f"reading the tree ended with status {code}: {last[:200]}")
    return _checked(structure(answer), asked)


def _checked(answer: Structure, asked: Asked) -> Structure:
    """No more than was asked for, whatever the process became."""
    return Structure(
        pins=answer.pins[:MAX_PINS],
        outlines=tuple(o for o in answer.outlines[:MAX_FILES] if o.path in asked.files),
    )


async def _answer(child: Child) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in child.chunks():
        size += len(chunk)
        if size > MAX_ANSWER:
            raise AgentFailed("its answer is too long")
        parts.append(chunk)
    return b"".join(parts)


def _asked(diff: Diff, paths: frozenset[str]) -> Asked:
    files = {
        file.path: tuple(sorted(file.added() or file.lines(Side.RIGHT)))[:MAX_LINES]
        for file in diff.files
        if file.path in paths
        and file.status is not FileStatus.DELETED
        and not file.binary
        and is_text(file.path)
    }
    first = sorted(files, key=lambda path: (-len(files[path]), path))[:MAX_FILES]
    return Asked(
        files={path: files[path] for path in first},
        tokens=OUTLINE_TOKENS,
        tokens_of_one=OUTLINE_TOKENS_OF_ONE,
    )
