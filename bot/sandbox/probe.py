"""What works on this machine, found out by doing it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import HarnessError
from bot.process import Command, run
from bot.sandbox import reach
from bot.sandbox.cgroup import Groups
from bot.sandbox.identity import Identity
from bot.sandbox.launcher import BWRAP, dropping

_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a real sandbox said, once per start of harness."""

    works: bool
    reason: str = ""
    """Why it does not."""
    bwrap: str = BWRAP
    disable_userns: bool = True
    """Whether further user namespaces can be forbidden inside."""
    no_staging: str = ""
    """Why paths that are closed to the service user cannot be opened for it; empty if they can."""
    groups: Groups | None = None
    """Where control groups can be made; None: memory is limited for each process by itself."""
    no_dropping: str = ""
    """Why root cannot become the service user; empty if it can, or need not."""


async def dropping_failure(user: Identity | None) -> str:
    """Why root cannot become ``user``."""
    if user is None:
        return ""
    return await failure_of(Command(argv=(*dropping(user), "/bin/true")))


async def staging_failure(user: Identity | None) -> str:
    """Why there cannot be private mounts."""
    if user is None:
        return ""
    try:
        return await failure_of(Command(argv=reach.trial()))
    except reach.Unreachable as error:
        return str(error)


async def failure_of(command: Command) -> str:
    """Why the command failed; empty if it did not."""
    try:
        done = await run(command, timeout=_SECONDS)
    except HarnessError as error:
        return error.message
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"it does not hold (exit {done.returncode})"
