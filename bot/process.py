"""Starts, limits and ends processes; used by rooms that own a program, such as git or agents.

A process gets an argument list, a complete environment (nothing is inherited) and a session of its
own, so that ending it ends everything it started. Output is read in chunks with a cap: a child can
neither fill memory nor block on a full pipe. A ledger of running groups on disk lets the next start
end what a killed harness left behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from typing_extensions import override

from bot.errors import HarnessError
from bot.groups import KILL_SECONDS, POLL_SECONDS, Ledger, group_exists, signal_group, stat_of
from bot.log import logger

MAX_OUTPUT = 64 * 1024 * 1024
BUFFERED = 256 * 1024
"""Bytes of stdout read ahead of the reader; then the child waits."""
LAST_WORDS = 2 * 1024 * 1024
"""Read on top once the child has ended: more than a pipe can still hold."""
STDERR_PART = 32 * 1024
DRAIN_SECONDS = 0.5
"""How long what a child left behind may keep its pipes open, or run on."""

__all__ = [
    "Child", "Command", "Completed", "Ledger", "OutputTooLarge", "ProcessError",
    "ProcessNotStarted", "ProcessTimeout", "ProgramNotFound", "run", "start",
]  # fmt: skip

_log = logger(__name__)


class ProcessError(HarnessError):
    """A process could not do its work; says which program."""


class ProcessTimeout(ProcessError):
    """It took too long; its group is gone."""


class OutputTooLarge(ProcessError):
    """It wrote more than allowed; its group is gone."""


class ProcessNotStarted(ProcessError):
    """The system refused to start it."""


class ProgramNotFound(ProcessNotStarted):
    """There is no such program, or it may not be executed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What to start. ``env`` is complete: nothing is inherited, not even ``PATH``."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stdin: bytes = b""
    pass_fds: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """How it ended: a negative ``returncode`` is a signal. ``stderr`` is bounded."""

    returncode: int
    stdout: bytes
    stderr: str
    duration: float


async def run(
    command: Command,
    *,
    timeout: float,  # noqa: ASYNC109  # the group must be gone before the caller hears of it
    max_output: int = MAX_OUTPUT,
    ledger: Ledger | None = None,
) -> Completed:
    """Start, read everything, wait. An exit status other than 0 is not an error here."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    child = await start(command, ledger=ledger)
    output = bytearray()
    try:
        async with asyncio.timeout(timeout):
            while chunk := await child.read():
                output += chunk
                if len(output) > max_output:
                    raise OutputTooLarge(f"{command.argv[0]} wrote more than {max_output} bytes")
            returncode = await child.wait()
    except TimeoutError:
        raise ProcessTimeout(f"{command.argv[0]} took more than {timeout:g} s") from None
    finally:
        await child.kill()
    return Completed(
        returncode=returncode,
        stdout=bytes(output),
        stderr=child.stderr,
        duration=loop.time() - began,
    )


async def start(command: Command, *, ledger: Ledger | None = None) -> Child:
    """Start in a session of its own. Whoever starts a child waits for it or kills it."""
    starting = asyncio.create_task(_start(command, ledger))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # It may run already, and may have children: asyncio alone would end only the first.
        await _insist(asyncio.create_task(_abandon(starting)))
        raise


async def _start(command: Command, ledger: Ledger | None) -> Child:
    loop = asyncio.get_running_loop()
    stdin = _file_of(command.stdin)
    try:
        transport, pipes = await loop.subprocess_exec(
            _Pipes,
            *command.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(command.env),
            cwd=command.cwd,
            pass_fds=command.pass_fds,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _refusal(command, error) from error
    finally:
        if stdin >= 0:
            os.close(stdin)
    child = Child(transport, pipes, ledger)
    if ledger is not None:
        ledger.add(child.pid)
    return child


async def _abandon(starting: asyncio.Task[Child]) -> None:
    await asyncio.wait({starting})
    if starting.exception() is None:
        await starting.result().kill(grace=0)


async def _insist(task: asyncio.Task[None]) -> None:
    """Wait for ``task`` to the end; a cancellation is passed on only then."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()


def _file_of(content: bytes) -> int:
    """Standard input as a file in memory: no pipe to fill, so no deadlock and no EPIPE."""
    if not content:
        return subprocess.DEVNULL
    number = os.memfd_create("stdin")
    with open(number, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(number, 0, os.SEEK_SET)
    return number


def _refusal(command: Command, error: OSError | ValueError) -> ProcessNotStarted:
    program = command.argv[0]
    if isinstance(error, ValueError):
        return ProcessNotStarted(f"{program} cannot be started: {error}")
    if command.cwd is not None and str(error.filename) == str(command.cwd):
        return ProcessNotStarted(f"{program} cannot start in {command.cwd}: {error.strerror}")
    if isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError):
        return ProgramNotFound(f"{program} cannot be started: {error.strerror}")
    return ProcessNotStarted(f"{program} cannot be started: {error.strerror}")


class Child:
    """A running process and its group. ``async with`` kills what is left at the end."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, pipes: _Pipes, ledger: Ledger | None
    ) -> None:
        self.pid: int = transport.get_pid()
        self._transport = transport
        self._pipes = pipes
        self._ledger = ledger
        self._patience = DRAIN_SECONDS
        self._afterwards: list[Callable[[], Awaitable[object]]] = []
        self._end = asyncio.create_task(self._finish(), name=f"process {self.pid}")

    async def __aenter__(self) -> Child:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.kill()

    def afterwards(self, work: Callable[[], Awaitable[object]]) -> None:
        """Done once the whole group is gone, before `wait` and `kill` return; the last one first.

        It must not raise: whoever waits would take that for the process's end.
        """
        self._afterwards.append(work)

    def remark(self, text: str) -> None:
        """Add a line to ``stderr`` about what the process cannot say itself."""
        self._pipes.errors.add(f"\n{text}\n".encode())

    @property
    def stderr(self) -> str:
        """Head and tail of what it wrote there so far."""
        return self._pipes.errors.text()

    async def read(self) -> bytes:
        """The next piece of stdout; empty at its end."""
        return await self._pipes.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Stdout as it comes, cut anywhere. The child waits for a slow reader."""
        while chunk := await self.read():
            yield chunk

    async def wait(self) -> int:
        """Its exit status, once it ended; nothing of its group is left then."""
        await asyncio.shield(self._end)
        return self._transport.get_returncode() or 0

    async def kill(self, grace: float = 2.0) -> None:
        """SIGTERM to the whole group, SIGKILL after ``grace``; a cancellation waits for that."""
        if self._end.done():
            return
        self._patience = grace
        await _insist(asyncio.create_task(self._kill(grace)))

    async def _kill(self, grace: float) -> None:
        self._signal(signal.SIGTERM)
        await asyncio.wait({self._end}, timeout=grace)
        if not self._end.done():
            self._signal(signal.SIGKILL)
            await asyncio.wait({self._end}, timeout=KILL_SECONDS)
        if not self._end.done():
            _log.error("process.immortal", pid=self.pid)

    def _signal(self, number: signal.Signals) -> None:
        reaped = self._transport.get_returncode() is not None
        # The id of a reaped leader is free again once its group is empty; it is never given away
        # while a member lives. So a process with that id now is somebody else's.
        if reaped and stat_of(self.pid) is not None:
            return
        signal_group(self.pid, number)

    async def _finish(self) -> None:
        """The child ended: read its last words, end what it left behind, close everything."""
        await self._pipes.exited.wait()
        self._pipes.lift()
        if not await self._settled(self._patience):
            self._signal(signal.SIGKILL)
            await self._settled(DRAIN_SECONDS)
        self._pipes.close()
        self._transport.close()
        if self._ledger is not None:
            self._ledger.remove(self.pid)
        for work in reversed(self._afterwards):
            await work()

    async def _settled(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._pipes.closed.wait()
                while group_exists(self.pid):  # noqa: ASYNC110  # the kernel sends no event
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return False
        return True


class _Pipes(asyncio.SubprocessProtocol):
    """Collects what a child writes: stdout for one reader, with back pressure; stderr in part."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()
        self.errors = _Excerpt()
        self._output: deque[bytes] = deque()
        self._waiting = 0
        self._limit = BUFFERED
        self._paused = False
        self._changed = asyncio.Event()
        self._open = {1, 2}
        self._stdout: asyncio.ReadTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        process = cast("asyncio.SubprocessTransport", transport)
        self._stdout = cast("asyncio.ReadTransport", process.get_pipe_transport(1))

    @override
    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self.errors.add(data)
            return
        self._output.append(data)
        self._waiting += len(data)
        self._changed.set()
        self._balance()

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        self._changed.set()
        if not self._open:
            self.closed.set()

    @override
    def process_exited(self) -> None:
        self.exited.set()

    async def read(self) -> bytes:
        while not self._output:
            if 1 not in self._open:
                return b""
            self._changed.clear()
            await self._changed.wait()
        data = self._output.popleft()
        self._waiting -= len(data)
        self._balance()
        return data

    def lift(self) -> None:
        """Nobody fills the pipe any more: take what is in it, whatever the reader does."""
        self._limit = self._waiting + LAST_WORDS
        self._balance()

    def close(self) -> None:
        """Whoever still holds the other end is not heard any more."""
        self._open.clear()
        self._changed.set()

    def _balance(self) -> None:
        if self._stdout is None or 1 not in self._open:
            return
        if self._waiting > self._limit and not self._paused:
            self._stdout.pause_reading()
            self._paused = True
        elif self._waiting <= self._limit // 2 and self._paused:
            self._stdout.resume_reading()
            self._paused = False


class _Excerpt:
    """The first and the last bytes of a stream."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        room = STDERR_PART - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        beyond = len(self._tail) - STDERR_PART
        if beyond > 0:
            del self._tail[:beyond]
            self._left_out += beyond

    def text(self) -> str:
        if not self._left_out:
            return (self._head + self._tail).decode("utf-8", "replace")
        head, tail = (part.decode("utf-8", "replace") for part in (self._head, self._tail))
        return f"{head}\n[... {self._left_out} bytes left out ...]\n{tail}"
