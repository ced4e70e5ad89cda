"""Builds the command line that starts a program without bubblewrap, and its scratch directory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.log import logger
from bot.process import Command
from bot.sandbox import plan
from bot.sandbox.cgroup import Group
from bot.sandbox.fence import HOME, Fence
from bot.sandbox.identity import Identity
from bot.sandbox.launcher import dropping, limited
from bot.sandbox.probe import Probe, failure_of
from bot.sandbox.programs import Program

_HOME, _TMP = "home", "tmp"

_log = logger(__name__)


def unwrapped(
    command: Command,
    fence: Fence,
    program: Program,
    scratch: Path,
    *,
    user: Identity | None,
    probe: Probe,
    translate: Callable[[str], str] = str,
    group: Group | None = None,
) -> Command:
    """Still the service user, still limits, still only the environment it was given.

    ``translate``: from the fixed address of a way out to the real one.
    """

    def word(text: str) -> str:
        place = Path(text)
        if text.startswith("/") and place.is_relative_to(HOME):
            return str(scratch / _HOME / place.relative_to(HOME))
        return translate(text)

    cwd = (command.cwd or fence.tree).absolute()
    staged = plan.staging(plan.needed_outside(program, fence, scratch), user, probe.no_staging)
    return replace(
        command,
        argv=(
            *(group.joining() if group is not None else ()),
            *(staged.prefix(cwd) if staged is not None else ()),
            *dropping(user),
            *limited(fence, grouped=group is not None),
            *(str(program.path), *map(word, command.argv[1:])),
        ),
        env={
            **{name: word(value) for name, value in command.env.items()},
            "HOME": str(scratch / _HOME),
            "TMPDIR": str(scratch / _TMP),
        },
        cwd=Path("/") if staged is not None else cwd,
    )


def make_scratch(user: Identity | None) -> Path:
    """A home and a place for temporary files for one process, which only its user may enter.

    Neither lies in the other: there are programs that trust nothing below ``TMPDIR``, and keep
    what they need to work in the home.
    """
    scratch = Path(tempfile.mkdtemp(prefix="harness-home-")).resolve()
    for folder in (scratch, scratch / _HOME, scratch / _TMP):
        folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            os.chown(folder, user.uid, user.gid)
    return scratch


def furnish(
    scratch: Path,
    files: Mapping[str, bytes],
    user: Identity | None,
    translate: Callable[[str], str] = str,
) -> None:
    """Put the files of the home where the program looks for them, and let it change them."""
    for name, content in files.items():
        place = scratch / _HOME / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = content.decode("utf-8", "surrogateescape")
        place.write_text(translate(text), "utf-8", errors="surrogateescape", newline="")
    if user is not None and files:
        for path in (scratch / _HOME).rglob("*"):
            os.chown(path, user.uid, user.gid)


async def remove_scratch(scratch: Path) -> None:
    """Not by a recursive function: what an agent leaves there may be nested thousands deep."""
    failure = await failure_of(Command(argv=("/bin/rm", "-rf", "--", str(scratch))))
    if failure:
        _log.warning("sandbox.scratch_left", path=str(scratch), reason=failure)
