"""What every agent is: a reviewer that starts a process that streams events.

The protocol knows nothing of vendors. An adapter (one file in `bot.agents.adapters`, or a module of
somebody else's package behind the entry-point group ``harness.agents``) declares an `AgentKind`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot import registry
from bot.errors import AgentFailed, AgentMisconfigured, HarnessError
from bot.models import AgentSpec, Event, Role, RunConfig
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.uplink import ModelApi


class Child(Protocol):
    """What is needed of a started process (`bot.process.Child`)."""

    @property
    def stderr(self) -> str:
        """Bounded: its head and its tail."""
        ...

    def chunks(self) -> AsyncIterator[bytes]: ...

    async def wait(self) -> int: ...

    async def kill(self) -> None: ...


class Launcher(Protocol):
    """What is needed of the sandbox (`bot.sandbox.sandbox.Sandbox`)."""

    async def fenced(self, *, trusted: bool) -> bool:
        """Whether `start` would put it behind a fence; `AgentFailed` if it would be refused."""
        ...

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> Child:
        """`AgentFailed` says why it is refused, or cannot be started."""
        ...


class AgentProcess(Protocol):
    """A running agent. Drain `events` to the end, then call `wait` exactly once."""

    def events(self) -> AsyncIterator[Event]:
        """Started first, Finished (or a fatal RunError) last; ends with the process's output."""
        ...

    async def wait(self) -> None:
        """Return on a clean exit; `ProcessError` for any other."""
        ...

    async def kill(self) -> None:
        """End the whole process group; harmless when it has ended already."""
        ...

    @property
    def activity(self) -> int:
        """Grows with every sign of life, also with output that becomes no event."""
        ...


class AgentReviewer(Protocol):
    """Drives one agent's reviews. Nothing is touched or looked up before `start`."""

    @property
    def name(self) -> str:
        """The operator's name for it; stable."""
        ...

    async def start(self, config: RunConfig) -> AgentProcess:
        """Start it; `AgentFailed` says why it could not be. Later failures are the process's."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKind:
    """One way to be an agent: what an adapter file declares as ``AGENT``."""

    name: str
    summary: str
    analyzer: bool
    """A static analyzer: never executes the tree, and reports on touched lines only."""
    build: Callable[[AgentSpec, Launcher], AgentReviewer]
    reads: Callable[[str], bool] | None = None
    """Which paths it understands; None for whoever reads them all."""
    idle_timeout: float | None = None
    """Seconds without a sign of life after which it has hung; None for programs that are silent
    until they have their answer."""
    roles: frozenset[Role] = frozenset({Role.REVIEWER})
    """The roles it can play; another one is a misconfiguration."""
    program: str = ""
    """What is looked for on this machine; empty for programs that the operator names."""
    pinned: str = ""
    """The version that was tested; `harness doctor` shows it beside the one that is installed."""
    spell_skill: Callable[[str], str] = str
    """A skill as this program invokes it: ``/name`` for one, ``$name`` for another."""
    api: Callable[[AgentSpec], ModelApi] | None = None
    """Which model's API an agent so configured would call, and with which key; `AgentMisconfigured`
    says what is missing. None for programs that make their calls by themselves."""
    costs: bool = False
    """It calls a model that somebody pays for: budgets count."""


class ExitStatus(HarnessError):
    """A process ended with something else than 0; the cause inside a `ProcessError`."""

    def __init__(self, message: str, returncode: int) -> None:
        super().__init__(message, returncode)

    @property
    def returncode(self) -> int:
        return int(self.args[1])


class ProcessError(AgentFailed):
    """A started agent's process failed. The cause is chained; ``stderr`` keeps head and tail."""

    def __init__(
        self, message: str, kind: str = "crashed", agent: str = "", stderr: str = ""
    ) -> None:
        super().__init__(message, kind)
        self.args = (message, kind, agent, stderr)

    @property
    def agent(self) -> str:
        return str(self.args[2])

    @property
    def stderr(self) -> str:
        return str(self.args[3])


def kinds() -> dict[str, AgentKind]:
    """Every kind of agent there is, by name."""
    return registry.load("bot.agents.adapters", "AGENT", AgentKind, group="harness.agents")


def build(
    spec: AgentSpec, sandbox: Launcher, known: Mapping[str, AgentKind] | None = None
) -> AgentReviewer:
    """The reviewer that the operator's ``spec`` asks for."""
    found = kinds() if known is None else known
    if spec.kind not in found:
        raise AgentMisconfigured(
            f"agent {spec.name!r}: there is no kind {spec.kind!r} (there are {', '.join(found)})"
        )
    return found[spec.kind].build(spec, sandbox)
