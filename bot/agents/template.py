"""The life of an agent's process; an adapter supplies only a command and a parser.

`ReviewerTemplate` starts the command through the sandbox, hands its output to the parser, streams
the events, and tells how it ended. Anything missing is a typed error from `start`, of that agent
alone.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.agents.reviewer import AgentReviewer, Child, ExitStatus, Launcher, ProcessError
from bot.errors import AgentMisconfigured
from bot.models import AgentSpec, Event, FailureKind, RunConfig
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.uplink import ModelApi, Pulse


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """What to start, and inside which fence."""

    command: Command
    fence: Fence


class BuildCommand(Protocol):
    """Says what to start; ``fenced`` is whether it will be inside a sandbox."""

    def __call__(self, spec: AgentSpec, config: RunConfig, *, fenced: bool) -> Launch | None: ...


Parse = Callable[[AsyncIterator[bytes]], AsyncIterator[Event]]


def templated(
    build_command: BuildCommand, parse: Parse
) -> Callable[[AgentSpec, Launcher], AgentReviewer]:
    """What an adapter declares as `AgentKind.build`. Nothing is looked up before it starts."""

    def build(spec: AgentSpec, sandbox: Launcher) -> AgentReviewer:
        return ReviewerTemplate(
            agent_name=spec.name,
            spec=spec,
            sandbox=sandbox,
            build_command=build_command,
            parse=parse,
        )

    return build


class ReviewerTemplate:
    """A reviewer made of a name, a command builder and a parser.

    ``trusted``: a built-in analyzer, which never executes the tree and runs where no sandbox works.
    """

    def __init__(
        self,
        *,
        agent_name: str,
        spec: AgentSpec,
        sandbox: Launcher,
        build_command: BuildCommand | None = None,
        parse: Parse | None = None,
        trusted: bool = False,
    ) -> None:
        self._name = agent_name
        self._spec = spec
        self._sandbox = sandbox
        self._build_command = build_command
        self._parse = parse
        self._trusted = trusted

    @property
    def name(self) -> str:
        return self._name

    async def start(self, config: RunConfig) -> Running:
        """Build, start, and stream; `AgentFailed` when it cannot even begin."""
        if not self._name:
            raise AgentMisconfigured("an agent has no name")
        if self._build_command is None:
            raise AgentMisconfigured(f"{self._name}: nothing builds its command")
        if self._parse is None:
            raise AgentMisconfigured(f"{self._name}: nothing reads its output")
        fenced = await self._sandbox.fenced(trusted=self._trusted)
        launch = self._build_command(self._spec, config, fenced=fenced)
        if launch is None:
            raise AgentMisconfigured(f"{self._name}: no command was built for it")
        child = await self._sandbox.start(launch.command, launch.fence, trusted=self._trusted)
        uplink = launch.fence.uplink
        pulse = uplink.pulse if isinstance(uplink, ModelApi) else None
        return Running(self._name, child, self._parse, pulse)


class Running:
    """A started agent."""

    def __init__(self, name: str, child: Child, parse: Parse, pulse: Pulse | None = None) -> None:
        self._name = name
        self._child = child
        self._parse = parse
        self._pulse = pulse
        self._waited = False
        self._chunks_read = 0

    @property
    def activity(self) -> int:
        """Of its output, and of its calls of a model."""
        return self._chunks_read + (self._pulse.beats if self._pulse is not None else 0)

    def events(self) -> AsyncIterator[Event]:
        """The parser's events; they end with the process's output."""
        return self._parse(self._chunks())

    async def wait(self) -> None:
        """`ProcessError` unless it ended with status 0."""
        if self._waited:
            raise ProcessError(f"{self._name}: waited for twice", FailureKind.CRASHED, self._name)
        self._waited = True
        code = await self._child.wait()
        if code:
            raise self._failed(code)

    async def kill(self) -> None:
        await self._child.kill()

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._child.chunks():
            self._chunks_read += 1
            yield chunk

    def _failed(self, code: int) -> ProcessError:
        stderr = self._child.stderr
        status = describe(code)
        last = _last_line(stderr)
        error = ProcessError(
            f"{status}: {last}" if last else status, FailureKind.CRASHED, self._name, stderr
        )
        error.__cause__ = ExitStatus(status, code)
        return error


def describe(code: int) -> str:
    """An exit status as people say it."""
    if code >= 0:
        return f"exited with status {code}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was ended by {known.get(-code, f'signal {-code}')}"


def _last_line(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
