"""Starts agents behind their fences, and refuses them where no fence holds.

The rules of ``HARNESS_SANDBOX``: with ``auto`` and ``require`` a program that may execute what is
in the tree (``trusted=False``) runs inside bubblewrap or not at all; an analyzer (``trusted=True``)
runs without where bubblewrap does not work, still as the service user, with limits and a clean
environment. ``off`` is the operator's word for every program.

Callers speak of this machine's paths only: in arguments and in the environment, a word that is a
path of the fence becomes what it is called inside. ``HOME`` and ``TMPDIR`` are always scratch
directories of the process's own, whatever the command says.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from bot.errors import AgentFailed, ConfigurationError
from bot.guard import guard
from bot.log import logger
from bot.models import FailureKind
from bot.process import Child, Command, Ledger, ProcessNotStarted, start
from bot.sandbox import cgroup, inside, outside, plan
from bot.sandbox.cgroup import Group
from bot.sandbox.fence import MIB, Access, Fence, View, view_outside
from bot.sandbox.identity import Identity, hand_over, service_user
from bot.sandbox.launcher import BWRAP
from bot.sandbox.probe import Probe, dropping_failure, failure_of, staging_failure
from bot.sandbox.programs import Program
from bot.sandbox.route import Route, opened

Mode = Literal["auto", "require", "off"]
_TRIAL = "test -d /work && test ! -w /work && test ! -w /proc/sys/kernel/hostname"
"""Asks whether it could write there; it never does."""

_log = logger(__name__)


class Sandbox:
    """One for the whole program; it keeps what the probe found."""

    def __init__(
        self, *, mode: Mode = "auto", ledger: Ledger | None = None, bwrap: str = BWRAP
    ) -> None:
        self.mode: Mode = mode
        self.user: Identity | None = service_user()
        self._ledger = ledger
        self._bwrap = bwrap
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

    async def view(self, command: Command, fence: Fence, *, trusted: bool) -> View:
        """Where the process will find what the fence gives it."""
        if not self._sandboxed(await self.probe(), trusted=trusted):
            return view_outside(fence)
        return inside.view(plan.usable(command, fence, self.user), fence)

    async def fenced(self, *, trusted: bool) -> bool:
        """Whether `start` would use a sandbox; `AgentFailed` if it would refuse."""
        return self._sandboxed(await self.probe(), trusted=trusted)

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> Child:
        """Start ``command``; `AgentFailed` says why it is refused."""
        probe = await self.probe()
        sandboxed = self._sandboxed(probe, trusted=trusted)
        if fence.access is Access.WRITE and self.user is not None:
            await asyncio.to_thread(hand_over, fence.tree, self.user)
        program = plan.usable(command, fence, self.user)
        if trusted and plan.inside_tree(program, fence.tree):
            raise AgentFailed(
                f"{command.argv[0]} lies in the tree that is reviewed", FailureKind.SANDBOX
            )
        async with AsyncExitStack() as stack:
            route = await self._opened(stack, fence, fenced=sandboxed)
            group = _grouped(stack, fence, probe)
            if sandboxed:
                with inside.wrapped(
                    command,
                    fence,
                    program,
                    user=self.user,
                    probe=probe,
                    socket=None if route is None else route.socket,
                    group=group,
                ) as wrapped:
                    child = await self._start(wrapped)
            else:
                child = await self._start_outside(
                    command, fence, program, probe, route=route, group=group
                )
            rest = stack.pop_all()
        child.afterwards(lambda: guard("sandbox.close", rest.aclose()))
        if group is not None:
            child.afterwards(partial(_tell_memory, child, group, fence))
        return child

    async def _opened(self, stack: AsyncExitStack, fence: Fence, *, fenced: bool) -> Route | None:
        if fence.uplink is None:
            return None
        try:
            return await stack.enter_async_context(opened(fence.uplink, self.user, fenced=fenced))
        except OSError as error:
            raise AgentFailed(
                f"its way out cannot be opened: {error.strerror}", FailureKind.SANDBOX
            ) from error

    def _sandboxed(self, probe: Probe, *, trusted: bool) -> bool:
        if self.mode == "off" or (trusted and not probe.works):
            return False
        if not probe.works:
            raise AgentFailed(f"no sandbox works here: {probe.reason}", FailureKind.SANDBOX)
        return True

    async def _start_outside(
        self,
        command: Command,
        fence: Fence,
        program: Program,
        probe: Probe,
        *,
        route: Route | None,
        group: Group | None,
    ) -> Child:
        if probe.no_dropping:
            raise AgentFailed(
                "nothing is run as root here, and this root cannot become another user:"
                f" {probe.no_dropping}",
                FailureKind.SANDBOX,
            )
        scratch = outside.make_scratch(self.user)
        with ExitStack() as undo:
            # Nothing of anybody's is in it until the program has started.
            undo.callback(shutil.rmtree, scratch, ignore_errors=True)
            translate = str if route is None else route.text
            outside.furnish(scratch, fence.home_files, self.user, translate)
            child = await self._start(
                outside.unwrapped(
                    command,
                    fence,
                    program,
                    scratch,
                    user=self.user,
                    probe=probe,
                    translate=translate,
                    group=group,
                )
            )
            undo.pop_all()
        child.afterwards(lambda: outside.remove_scratch(scratch))
        return child

    async def _start(self, command: Command) -> Child:
        try:
            return await start(command, ledger=self._ledger)
        except ProcessNotStarted as error:
            raise AgentFailed(error.message, FailureKind.SANDBOX) from error

    async def _try(self) -> Probe:
        probe = Probe(
            works=False,
            reason="it is switched off",
            bwrap=self._bwrap,
            no_dropping=await dropping_failure(self.user),
            no_staging=await staging_failure(self.user),
            groups=await asyncio.to_thread(cgroup.found),
        )
        if self.mode == "off":
            return probe
        if probe.no_dropping:
            return replace(probe, reason=f"root cannot become another user: {probe.no_dropping}")
        if shutil.which(self._bwrap) is None:
            return replace(probe, reason=f"bubblewrap is not installed: no {self._bwrap}")
        reason = ""
        for disable_userns in (True, False):
            attempt = replace(probe, works=True, reason="", disable_userns=disable_userns)
            failure = await self._failure(attempt)
            if not failure:
                return attempt
            reason = reason or failure
        return replace(probe, reason=reason)

    async def _failure(self, attempt: Probe) -> str:
        """Why a sandbox made like ``attempt`` does not hold."""
        trial = Command(argv=("/bin/sh", "-c", _TRIAL))
        fence = Fence(tree=Path("/usr"))
        try:
            program = plan.usable(trial, fence, self.user)
            with inside.wrapped(trial, fence, program, user=self.user, probe=attempt) as wrapped:
                return await failure_of(wrapped)
        except AgentFailed as error:
            return error.message


def _grouped(stack: AsyncExitStack, fence: Fence, probe: Probe) -> Group | None:
    """The control group of one process, removed with the rest."""
    if probe.groups is None or fence.memory_bytes is None:
        return None
    try:
        group = cgroup.make(probe.groups, fence.memory_bytes)
    except OSError as error:
        raise AgentFailed(
            f"its memory cannot be limited: {error.strerror}", FailureKind.SANDBOX
        ) from error
    stack.callback(group.remove)
    return group


async def _tell_memory(child: Child, group: Group, fence: Fence) -> None:
    """The kernel ends a process without a word; this is the word."""
    if group.killed() and fence.memory_bytes is not None:
        child.remark(f"it went over its memory limit of {fence.memory_bytes // MIB} MiB")
