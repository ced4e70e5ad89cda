"""The nouns of a reviewer's run: configuration, events, outcome.

The closed set of events and the records around them follow `entire review`'s types package
(seed 003): an agent's process is reduced to a stream of six kinds of event, and everything after
it reads only that stream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from bot.models.costs import ModelUsage, Purse
from bot.models.diff import Diff

# ------------------------------------------------------------------------------------- events


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """The agent has begun. First in every stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistantText:
    """Narrative output: the review itself, not tool chatter."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """The agent used a tool. ``args`` is for display only."""

    name: str
    args: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """Running totals, not deltas: each one replaces the one before.

    ``input`` includes what came from a cache, ``output`` includes reasoning.
    """

    input: int = 0
    output: int = 0
    cost_usd: Decimal | None = None
    """The program's own figure, where it gives one."""
    by_model: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The agent's own word that its stream is complete. Last in a good stream."""

    success: bool


class FailureKind(StrEnum):
    """Why an agent failed, as a word that people and tables can act on."""

    LOGIN = "login"
    QUOTA = "quota"
    RATE_LIMIT = "rate limit"
    NETWORK = "network"
    TIMEOUT = "timeout"
    IDLE = "idle"
    REFUSED = "refused"
    CRASHED = "crashed"
    UNREADABLE = "unreadable answer"
    NOT_FOUND = "program not found"
    MISCONFIGURED = "misconfigured"
    SANDBOX = "no sandbox"
    BUDGET = "over budget"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunError:
    """Something went wrong. A ``warning`` (an unreadable line, a retry) fails nobody by itself."""

    message: str
    kind: FailureKind = FailureKind.CRASHED
    warning: bool = False


Event = Started | AssistantText | ToolCall | Tokens | Finished | RunError
"""The closed set. Consumers end their match with ``assert_never``: a new event is a contract
change, and type checking points at every place that must know it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedEvent:
    """An event as the store keeps it. ``seq`` grows within a run; 0: not stored yet."""

    agent: str
    at: datetime
    event: Event
    seq: int = 0


# -------------------------------------------------------------------------- what an agent is


class Role(StrEnum):
    """What an agent does in a run."""

    REVIEWER = "reviewer"
    DEVELOPER = "developer"
    PLANNER = "planner"
    TESTER = "tester"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSpec:
    """One agent as the operator configured it (contract: ``HARNESS_AGENTS``)."""

    name: str
    kind: str
    argv: tuple[str, ...] = ()
    model: str = ""
    skills: tuple[str, ...] = ()
    prompt: str = ""
    timeout: float = 900.0
    required: bool = True
    api_key_env: str = ""
    api_key_file: str = ""
    base_url: str = ""
    budget_usd: Decimal | None = None
    count_tokens: bool = False
    """A prompt is held against the provider's own count, and not only against an estimate."""


# ----------------------------------------------------------------------------- what it is given


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """Where a change lies on this machine.

    ``tree`` holds the head's files and no ``.git``; ``git_dir`` is the bare mirror (or the user's
    own repository, for a local review); ``diff_file`` is the whole diff as git prints it. All
    three are read-only for a reviewer.
    """

    tree: Path
    git_dir: Path
    diff_file: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """What one agent is told and given. Every field is optional; the zero value is valid."""

    prompt_override: str = ""
    """The exact prompt, verbatim; nothing is prepended or appended but the guard text."""
    role: Role = Role.REVIEWER
    guard: str = ""
    """What nobody who composes a prompt can leave out: the system prompt's part, where the program
    takes one, else what standard input begins with."""
    skills: tuple[str, ...] = ()
    always_prompt: str = ""
    per_run_prompt: str = ""
    scope_base_ref: str = ""
    checkpoint_context: str = ""
    starting_sha: str = ""
    enrich_summary: Callable[[RunSummary], Awaitable[RunSummary]] | None = None
    """Called once, after every agent ended and before sinks hear ``run_finished``."""
    enrich_agent_run: Callable[[AgentRun], Awaitable[AgentRun]] | None = None
    """Called after each agent; only the returned tokens count, 0/0 suppresses them."""

    contract_answer: bool = True
    """It shall end with the contract's JSON object: where a program can enforce a shape, it does,
    unless the prompt is an override."""
    prompt: str = ""
    """The composed prompt (`bot.context.prompt`): what reaches the agent's standard input."""
    workspace: Workspace | None = None
    diff: Diff | None = None
    base_sha: str = ""
    ignored: frozenset[str] = frozenset()
    """Paths of the diff that this agent does not read: nobody does, or another part holds them."""
    part: str = ""
    """"2 of 3" where a change is read in parts, each in a call of its own."""
    clipped: tuple[str, ...] = ()
    """Paths whose diff the composed prompt does not hold."""
    purse: Purse | None = None
    """Asked before every model call that goes through our own process; None: no limit."""


# ------------------------------------------------------------------------------- what came of it


class AgentStatus(StrEnum):
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why an agent did not succeed."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentRun:
    """One agent's run, afterwards. ``answer`` is its whole narrative; ``buffer`` is bounded."""

    name: str
    status: AgentStatus = AgentStatus.UNKNOWN
    tokens: Tokens = field(default_factory=Tokens)
    buffer: tuple[Event, ...] = ()
    elided: int = 0
    """Events left out of ``buffer`` for its budget; the narrative is never left out."""
    answer: str = ""
    started_at: datetime | None = None
    duration: float = 0.0
    """Seconds."""
    error: Failure | None = None
    warnings: tuple[str, ...] = ()
    cost_usd: Decimal | None = None
    """None is unknown, never 0."""
    usage: tuple[ModelUsage, ...] = ()
    """By model, as far as anybody said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """All agents' runs. ``cancelled`` is about the run as a whole."""

    started_at: datetime
    finished_at: datetime
    cancelled: bool = False
    agent_runs: tuple[AgentRun, ...] = ()
