"""Turns one agent's events into its `AgentRun`: bounded buffer, whole narrative, one outcome."""

from __future__ import annotations

from typing import assert_never

from bot.agents.lines import MAX_ANSWER, Tail
from bot.clock import Clock
from bot.models import (
    AgentRun,
    AgentStatus,
    AssistantText,
    Event,
    Failure,
    FailureKind,
    Finished,
    RunError,
    Started,
    Tokens,
    ToolCall,
)

BUFFER_BYTES = 1024 * 1024
"""Budget of `AgentRun.buffer` for each agent."""
MAX_WARNINGS = 20
_MAX_ESSENTIAL = 100
_OVERHEAD = 64  # what a record costs besides its text
NO_END = "its output ended without a terminal line"


class Recorder:
    """Hears every event of one agent and knows at any time what has come of it."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        buffer_bytes: int = BUFFER_BYTES,
        answer_limit: int = MAX_ANSWER,
    ) -> None:
        self._name = name
        self._clock = clock
        self._started_at = clock.now()
        self._began = clock.monotonic()
        self._ended: float | None = None
        self._budget = buffer_bytes
        self._buffer: list[Event] = []
        self._essential = 0
        self._elided = 0
        self._answer = Tail(answer_limit)
        self._tokens = Tokens()
        self._warnings: list[str] = []
        self._more_warnings = 0
        self._said: RunError | None = None
        self._finished: bool | None = None
        self._failure: Failure | None = None
        self._cancelled = False

    def add(self, event: Event) -> None:
        """Take one event of the stream (or a synthetic one) into the record."""
        match event:
            case AssistantText():
                self._answer.add(event.text)
            case Tokens():
                # Running totals: the newest counts, but "nothing known" erases nothing.
                if event.input or event.output:
                    self._tokens = event
            case Finished():
                self._finished = event.success
            case RunError():
                self._note(event)
            case Started() | ToolCall():
                pass
            case _:
                assert_never(event)
        self._keep(event)

    def fail(self, failure: Failure) -> None:
        """The process (not the stream) failed; the first reason counts."""
        self._failure = self._failure or failure

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        """The agent has ended: its duration is final."""
        if self._ended is None:
            self._ended = self._clock.monotonic()

    def result(self) -> AgentRun:
        """The run as known so far."""
        status, error = self._outcome()
        ended = self._clock.monotonic() if self._ended is None else self._ended
        return AgentRun(
            name=self._name,
            status=status,
            tokens=self._tokens,
            buffer=tuple(self._buffer),
            elided=self._elided,
            answer=self._answer.text(),
            started_at=self._started_at,
            duration=ended - self._began,
            error=error,
            warnings=self._all_warnings(),
        )

    def _outcome(self) -> tuple[AgentStatus, Failure | None]:
        """Cancelled, then the process, then a fatal error, then the terminal line."""
        if self._cancelled:
            return AgentStatus.CANCELLED, Failure(kind=FailureKind.CANCELLED, message="cancelled")
        failure = self._reason()
        if failure is not None:
            return AgentStatus.FAILED, failure
        return AgentStatus.SUCCEEDED, None

    def _reason(self) -> Failure | None:
        said = None
        if self._said is not None:
            said = Failure(kind=self._said.kind, message=_line(self._said.message))
        if said is not None and self._failure is not None:
            # An agent that says "quota" and then exits with 1 failed for its quota; one whose
            # output broke off, or is garbage, failed for what ended it.
            tells = said.kind is not FailureKind.UNREADABLE and said.message != NO_END
            return said if tells and self._failure.kind is FailureKind.CRASHED else self._failure
        if self._failure is not None or said is not None:
            return self._failure or said
        if self._finished is None:
            return Failure(kind=FailureKind.CRASHED, message=NO_END)
        if not self._finished:
            return Failure(
                kind=FailureKind.CRASHED, message="it says itself that it did not finish"
            )
        return None

    def _note(self, error: RunError) -> None:
        if not error.warning:
            self._said = self._said or error
        elif len(self._warnings) < MAX_WARNINGS:
            self._warnings.append(_line(error.message))
        else:
            self._more_warnings += 1

    def _keep(self, event: Event) -> None:
        size = _size(event)
        if size <= self._budget:
            self._budget -= size
            self._buffer.append(event)
        elif _essential(event) and size <= _OVERHEAD * 64 and self._essential < _MAX_ESSENTIAL:
            self._essential += 1
            self._buffer.append(event)
        else:
            self._elided += 1

    def _all_warnings(self) -> tuple[str, ...]:
        told = list(self._warnings)
        if self._more_warnings:
            told.append(f"and {self._more_warnings} more warnings")
        if self._answer.elided:
            told.append(f"the first {self._answer.elided} characters of its output were left out")
        return tuple(told)


def _size(event: Event) -> int:
    match event:
        case AssistantText():
            return _OVERHEAD + len(event.text)
        case ToolCall():
            return _OVERHEAD + len(event.name) + len(event.args)
        case RunError():
            return _OVERHEAD + len(event.message)
        case Started() | Tokens() | Finished():
            return _OVERHEAD
        case _:
            assert_never(event)


def _essential(event: Event) -> bool:
    """What a reader of the buffer needs however long the stream was: how it ended."""
    return isinstance(event, Finished) or (isinstance(event, RunError) and not event.warning)


def _line(text: str) -> str:
    """The first line, for tables and reasons; the whole stays in the buffer."""
    return (text.strip().splitlines() or ["no reason given"])[0][:500]
