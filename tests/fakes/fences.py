"""Small programs in real sandboxes, and what they said."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.process import Child, Command
from bot.sandbox.fence import Fence
from bot.sandbox.identity import service_user
from bot.sandbox.sandbox import Sandbox


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    code: int
    out: str
    err: str


async def finish(child: Child) -> Said:
    async with child:
        out = b"".join([chunk async for chunk in child.chunks()])
        return Said(code=await child.wait(), out=out.decode(), err=child.stderr)


async def say(
    sandbox: Sandbox, fence: Fence, *argv: str, trusted: bool = False, **rest: Any
) -> Said:
    command = Command(argv=argv, **rest)
    return await finish(await sandbox.start(command, fence, trusted=trusted))


async def sh(
    sandbox: Sandbox, fence: Fence, script: str, *arguments: str, trusted: bool = False, **rest: Any
) -> Said:
    argv = ("/bin/sh", "-c", script, "sh", *arguments)
    return await say(sandbox, fence, *argv, trusted=trusted, **rest)


def give_to_service_user(tree: Path) -> None:
    """As a worktree is when harness runs as root: the service user's own."""
    user = service_user()
    if user is None:
        return
    for path in (tree, *tree.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)
