"""Starts agents behind their fences, and refuses them where no fence holds.

The rules of ``HARNESS_SANDBOX``: with ``auto`` and ``require`` a program that may execute what is
in the tree (``trusted=False``) runs inside bubblewrap or not at all; an analyzer (``trusted=True``)
runs without where bubblewrap does not work, still as the service user, with limits and a clean
environment. ``off`` is the operator's word for every program.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bot.errors import AgentFailed, ConfigurationError, HarnessError
from bot.log import logger
from bot.models import FailureKind
from bot.process import Child, Command, Ledger, run, start
from bot.sandbox import bwrap, host, plan, reach
from bot.sandbox.fence import HOME, TMP, Fence, View, view_inside, view_outside
from bot.sandbox.identity import Identity, service_user
from bot.sandbox.launcher import BWRAP, dropping, limited
from bot.sandbox.programs import Mount

Mode = Literal["auto", "require", "off"]
_TRIAL_SECONDS = 20.0
_TRIAL = "test -d /work && test ! -w /work && test ! -w /proc/sys/kernel/hostname"
"""Asks whether it could write there; it never does."""

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a real sandbox said, once per start of harness."""

    works: bool
    reason: str = ""
    """Why it does not."""
    disable_userns: bool = True
    """Whether further user namespaces can be forbidden inside."""
    no_staging: str = ""
    """Why paths that are closed to the service user cannot be opened for it; empty if they can."""
    no_dropping: str = ""
    """Why root cannot become the service user; empty if it can, or need not."""


class Sandbox:
    """One for the whole program; it keeps what the probe found."""

    def __init__(
        self, *, mode: Mode = "auto", ledger: Ledger | None = None, bwrap_path: str = BWRAP
    ) -> None:
        self.mode: Mode = mode
        self.user: Identity | None = service_user()
        self._ledger = ledger
        self._bwrap = bwrap_path
        self._probe: Probe | None = None
        self._lock = asyncio.Lock()

    async def check(self) -> Probe:
        """To be called at the start: ``require`` stops it where no sandbox works."""
        probe = await self.probe()
        if self.mode == "require" and not probe.works:
            raise ConfigurationError(f"HARNESS_SANDBOX=require: no sandbox works: {probe.reason}")
        if self.mode == "auto" and not probe.works:
            _log.warning("sandbox.missing", reason=probe.reason)
        return probe

    async def probe(self) -> Probe:
        """Start a real sandbox, once."""
        async with self._lock:
            if self._probe is None:
                self._probe = await self._try()
            return self._probe

    async def view(self, command: Command | str, fence: Fence, *, trusted: bool) -> View:
        """Where the process will find what the fence gives it. ``str`` names the program."""
        wanted = Command(argv=(command,)) if isinstance(command, str) else command
        probe = await self.probe()
        if not self._sandboxed(probe, trusted=trusted):
            return view_outside(fence)
        return view_inside(fence, bwrap.place_of_tree(plan.plan(wanted, fence, self.user).mounts))

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> Child:
        """Start ``command``; `AgentFailed` says why it is refused."""
        probe = await self.probe()
        made = plan.plan(command, fence, self.user)
        if trusted and plan.inside_tree(made.program, fence.tree):
            raise AgentFailed(
                f"{command.argv[0]} lies in the tree that is reviewed", FailureKind.SANDBOX
            )
        if not self._sandboxed(probe, trusted=trusted):
            return await self._start_outside(command, fence, made, probe)
        with self._wrapped(command, fence, made, probe) as wrapped:
            return await self._start(wrapped)

    @contextmanager
    def wrap(self, command: Command, fence: Fence) -> Iterator[Command]:
        """The bubblewrap command line; its descriptors are open until the block ends."""
        made = plan.plan(command, fence, self.user)
        with self._wrapped(command, fence, made, self._probe or Probe(works=True)) as wrapped:
            yield wrapped

    def _sandboxed(self, probe: Probe, *, trusted: bool) -> bool:
        if self.mode == "off" or (trusted and not probe.works):
            return False
        if not probe.works:
            raise AgentFailed(f"no sandbox works here: {probe.reason}", FailureKind.SANDBOX)
        return True

    async def _start(self, command: Command) -> Child:
        try:
            return await start(command, ledger=self._ledger)
        except HarnessError as error:
            raise AgentFailed(error.message, FailureKind.SANDBOX) from error

    # -------------------------------------------------------------------------------- inside

    @contextmanager
    def _wrapped(
        self, command: Command, fence: Fence, made: plan.Plan, probe: Probe
    ) -> Iterator[Command]:
        real = _real(fence)
        view = view_inside(fence, bwrap.place_of_tree(made.mounts))
        needs = plan.needed_by_bwrap(made, fence)
        staged = plan.staging(needs, self.user, probe.no_staging)
        uid, gid = self._ids()
        with _memory_files(host.made(uid, gid)) as files:
            options = bwrap.options(
                real,
                view,
                host.system(),
                bwrap.Inside(
                    mounts=(*_extra(view), *made.mounts), links=made.program.links, files=files
                ),
                env={"HOME": str(HOME), "TMPDIR": str(TMP), **command.env},
                cwd=bwrap.place_of_cwd(command.cwd, fence, view),
                disable_userns=probe.disable_userns,
            )
            with _memory_files({Path("args"): _joined(options)}) as arguments:
                number = arguments[Path("args")]
                yield Command(
                    argv=(
                        *(staged.prefix(Path("/")) if staged is not None else ()),
                        *dropping(self.user),
                        *limited(fence),
                        *(self._bwrap, "--args", str(number), "--"),
                        *(str(made.program.path), *command.argv[1:]),
                    ),
                    cwd=Path("/"),
                    stdin=command.stdin,
                    pass_fds=(*command.pass_fds, *files.values(), number),
                )

    def _ids(self) -> tuple[int, int]:
        if self.user is not None:
            return self.user.uid, self.user.gid
        return os.geteuid(), os.getegid()

    # ------------------------------------------------------------------------------- outside

    async def _start_outside(
        self, command: Command, fence: Fence, made: plan.Plan, probe: Probe
    ) -> Child:
        if probe.no_dropping:
            raise AgentFailed(
                f"nothing is run as root here, and this root cannot become another user:"
                f" {probe.no_dropping}",
                FailureKind.SANDBOX,
            )
        scratch = self._scratch()
        try:
            outside = self._unwrapped(command, fence, made, probe, scratch)
            child = await self._start(outside)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)  # nothing of anybody's is in it yet
            raise
        child.afterwards(lambda: _remove(scratch))
        return child

    def _unwrapped(
        self, command: Command, fence: Fence, made: plan.Plan, probe: Probe, scratch: Path
    ) -> Command:
        cwd = (command.cwd or fence.tree).absolute()
        needs = plan.needed_outside(made, fence, scratch)
        staged = plan.staging(needs, self.user, probe.no_staging)
        return replace(
            command,
            argv=(
                *(staged.prefix(cwd) if staged is not None else ()),
                *dropping(self.user),
                *limited(fence),
                *(str(made.program.path), *command.argv[1:]),
            ),
            env={**command.env, "HOME": str(scratch), "TMPDIR": str(scratch)},
            cwd=Path("/") if staged is not None else cwd,
        )

    def _scratch(self) -> Path:
        scratch = Path(tempfile.mkdtemp(prefix="harness-home-")).resolve()
        if self.user is not None:
            os.chown(scratch, self.user.uid, self.user.gid)
        return scratch

    # --------------------------------------------------------------------------------- probe

    async def _try(self) -> Probe:
        probe = Probe(works=False, reason="it is switched off")
        if self.user is not None:
            probe = replace(
                probe,
                no_dropping=await _failure(Command(argv=(*dropping(self.user), "/bin/true"))),
                no_staging=await self._staging_failure(),
            )
        if self.mode == "off":
            return probe
        if probe.no_dropping:
            return replace(probe, reason=f"root cannot become another user: {probe.no_dropping}")
        reason = ""
        for disable_userns in (True, False):
            attempt = replace(probe, works=True, reason="", disable_userns=disable_userns)
            failure = await self._sandbox_failure(attempt)
            if not failure:
                return attempt
            reason = reason or failure
        return replace(probe, works=False, reason=reason)

    async def _sandbox_failure(self, attempt: Probe) -> str:
        trial = Command(argv=("/bin/sh", "-c", _TRIAL))
        fence = Fence(tree=Path("/usr"))
        try:
            made = plan.plan(trial, fence, self.user)
            with self._wrapped(trial, fence, made, attempt) as wrapped:
                return await _failure(wrapped)
        except AgentFailed as error:
            return error.message

    async def _staging_failure(self) -> str:
        try:
            return await _failure(Command(argv=reach.trial()))
        except reach.Unreachable as error:
            return str(error)


async def _failure(command: Command) -> str:
    """Why the command failed; empty if it did not."""
    try:
        done = await run(command, timeout=_TRIAL_SECONDS)
    except HarnessError as error:
        return error.message
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"it does not hold (exit {done.returncode})"


async def _remove(scratch: Path) -> None:
    # Not by a recursive function: what an agent leaves there may be nested thousands deep.
    failure = await _failure(Command(argv=("/bin/rm", "-rf", "--", str(scratch))))
    if failure:
        _log.warning("sandbox.scratch_left", path=str(scratch), reason=failure)


def _real(fence: Fence) -> Fence:
    return replace(
        fence,
        tree=fence.tree.resolve(),
        git_dir=fence.git_dir.resolve() if fence.git_dir is not None else None,
    )


def _extra(view: View) -> tuple[Mount, ...]:
    return tuple(Mount(source=path.resolve(), target=place) for path, place in view.extra.items())


def _joined(words: tuple[str, ...]) -> bytes:
    for word in words:
        if "\0" in word:
            raise AgentFailed("an argument or variable holds a NUL", FailureKind.SANDBOX)
    return b"".join(os.fsencode(word) + b"\0" for word in words)


@contextmanager
def _memory_files(contents: Mapping[Path, bytes]) -> Iterator[dict[Path, int]]:
    """Files without a name: no other process can open them, and nothing is left on disk."""
    numbers: dict[Path, int] = {}
    try:
        for place, content in contents.items():
            numbers[place] = os.memfd_create(place.name)
            with open(numbers[place], "wb", closefd=False) as file:
                file.write(content)
            os.lseek(numbers[place], 0, os.SEEK_SET)
        yield numbers
    finally:
        for number in numbers.values():
            with suppress(OSError):
                os.close(number)
