"""Builds the command line that starts a program without bubblewrap, and its scratch directory."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from bot.log import logger
from bot.process import Command
from bot.sandbox import plan
from bot.sandbox.fence import Fence
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
) -> Command:
    """Still the service user, still limits, still only the environment it was given."""
    cwd = (command.cwd or fence.tree).absolute()
    staged = plan.staging(plan.needed_outside(program, fence, scratch), user, probe.no_staging)
    return replace(
        command,
        argv=(
            *(staged.prefix(cwd) if staged is not None else ()),
            *dropping(user),
            *limited(fence),
            *(str(program.path), *command.argv[1:]),
        ),
        env={**command.env, "HOME": str(scratch / _HOME), "TMPDIR": str(scratch / _TMP)},
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


async def remove_scratch(scratch: Path) -> None:
    """Not by a recursive function: what an agent leaves there may be nested thousands deep."""
    failure = await failure_of(Command(argv=("/bin/rm", "-rf", "--", str(scratch))))
    if failure:
        _log.warning("sandbox.scratch_left", path=str(scratch), reason=failure)
