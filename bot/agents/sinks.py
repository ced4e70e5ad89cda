"""Who hears a run: the `Sink` protocol, and the two sinks that write nowhere outside.

Sinks run on a thread of their own (`bot.agents.lane`): one call at a time for each sink, events of
one agent in order. A slow sink misses events, and is told how many; it never holds up a run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol, assert_never

from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    Finished,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
)
from bot.models.text import visible


class Sink(Protocol):
    """Hears every event and the end. Plain calls; what they raise is logged and costs nobody."""

    def agent_event(self, agent: str, event: Event) -> None: ...

    def run_finished(self, summary: RunSummary) -> None:
        """Called once, whatever happened: also for no agents, failures and cancellation."""
        ...


class Collect:
    """Keeps everything, in the order in which it was told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.summaries: list[RunSummary] = []

    def agent_event(self, agent: str, event: Event) -> None:
        self.events.append((agent, event))

    def run_finished(self, summary: RunSummary) -> None:
        self.summaries.append(summary)

    def of(self, agent: str) -> list[Event]:
        """The events of one agent."""
        return [event for name, event in self.events if name == agent]


class Dump:
    """Writes the whole run as Markdown once it is over."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def agent_event(self, agent: str, event: Event) -> None:
        """Nothing before the end."""

    def run_finished(self, summary: RunSummary) -> None:
        self._write(render(summary))


def render(summary: RunSummary) -> str:
    """A heading, the narrative and the errors of each agent, and one line that counts them."""
    parts = [section for run in summary.agent_runs for section in _sections(run)]
    return "\n\n".join([*parts, _count_line(summary)]) + "\n"


def _sections(run: AgentRun) -> Iterator[str]:
    head = f"## {visible(run.name)}: {run.status.value}"
    yield f"{head} ({visible(run.error.message)})" if run.error else head
    if run.answer.strip():
        yield run.answer.strip()
    told = run.error.message if run.error else ""
    for event in run.buffer:
        if shown := _shown(event, told):
            yield shown
    if run.elided:
        yield f"({run.elided} events left out)"


def _shown(event: Event, told: str) -> str:
    match event:
        case RunError():
            return _error(event, told)
        case Started() | AssistantText() | ToolCall() | Tokens() | Finished():
            return ""
        case _:
            assert_never(event)


def _error(error: RunError, told: str) -> str:
    """What the heading has not said already: the same error is not printed twice."""
    first, _, rest = error.message.strip().partition("\n")
    shown = [] if first == told else [f"warning: {first}" if error.warning else first]
    if rest.strip():
        longest = max((len(run) for run in re.findall(r"`+", rest)), default=0)
        ticks = "`" * max(3, longest + 1)
        shown.append(f"{ticks}\n{rest.strip()}\n{ticks}")
    return "\n\n".join(shown)


def _count_line(summary: RunSummary) -> str:
    count = Counter(run.status for run in summary.agent_runs)
    return (
        f"{len(summary.agent_runs)} agent(s) done: {count[AgentStatus.SUCCEEDED]} succeeded,"
        f" {count[AgentStatus.FAILED]} failed, {count[AgentStatus.CANCELLED]} cancelled"
    )
