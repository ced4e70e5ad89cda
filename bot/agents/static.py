"""Static analyzers as agents: given the change's files, they answer in the contract's JSON.

An analyzer sees only file names of the change, takes no configuration from the tree, and may need
several command lines for many files. Its exit status counts before its output, its output before
silence: what cannot be read is a failed agent, never "no findings".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.agents import environment
from bot.agents.analyzer import Names, absent, argument, batches, select, touched
from bot.agents.answer import answer
from bot.agents.lines import read_all
from bot.agents.programs import SYSTEM, beside_interpreter, find_program
from bot.agents.reviewer import AgentProcess, ExitStatus, Launcher
from bot.agents.template import Launch, ReviewerTemplate, Running
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import (
    AgentSpec,
    AssistantText,
    Diff,
    Event,
    FailureKind,
    Finding,
    Finished,
    RunConfig,
    RunError,
    Started,
)
from bot.process import Command
from bot.sandbox import profiles

MAX_FINDINGS = 400
"""Findings in one answer; those on touched lines come first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a tool's output is read against."""

    agent: str
    diff: Diff
    names: Names


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a tool's output says."""

    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """How to use one analyzer."""

    program: str
    arguments: tuple[str, ...]
    """All that configures it; file names follow."""
    matches: Callable[[str], bool]
    read: Callable[[bytes, Target], Report]
    """Pure; `ValueError` for output that is not what the tool writes."""
    alone: bool = False
    """Give it one file at a time."""
    utf8_names: bool = False
    """It refuses names that are no UTF-8."""
    harmless: Mapping[int, str] = field(default_factory=dict)
    """Exit statuses that cost only the files in question, and what they mean."""


class AnalyzerReviewer:
    """Runs a `Tool` over the files of the change that it understands."""

    def __init__(self, spec: AgentSpec, tool: Tool, sandbox: Launcher) -> None:
        self._spec = spec
        self._tool = tool
        self._sandbox = sandbox

    @property
    def name(self) -> str:
        return self._spec.name

    async def start(self, config: RunConfig) -> AgentProcess:
        if config.workspace is None or config.diff is None:
            raise AgentMisconfigured(f"{self.name}: there is no tree and no diff to analyze")
        paths = await asyncio.to_thread(select, config, self._tool.matches)
        refused = [path for path in paths if self._tool.utf8_names and not _is_utf8(path)]
        paths = tuple(path for path in paths if path not in refused)
        target = Target(
            agent=self.name, diff=config.diff, names=Names(config.workspace.tree, paths)
        )
        missing = await asyncio.to_thread(absent, config, self._tool.matches)
        warnings = [
            *(f"{path!r} was left out: its name is no UTF-8" for path in refused),
            *(f"{path!r} was not looked at: agents are not given this file" for path in missing),
        ]
        work = [(path,) for path in paths] if self._tool.alone else list(batches(paths))
        analysis = Analysis(self._spec, self._tool, self._sandbox, config, target, work, warnings)
        await analysis.begin()
        return analysis


class Analysis:
    """One command line after the other; one answer at the end."""

    def __init__(
        self,
        spec: AgentSpec,
        tool: Tool,
        sandbox: Launcher,
        config: RunConfig,
        target: Target,
        work: Sequence[tuple[str, ...]],
        warnings: Sequence[str],
    ) -> None:
        self._spec = spec
        self._tool = tool
        self._sandbox = sandbox
        self._config = config
        self._target = target
        self._work = work
        self._warnings = warnings
        self._output = b""
        self._elided = 0
        self._current: Running | None = None
        self._past = 0
        self._error: AgentFailed | None = None
        self._findings: list[Finding] = []

    @property
    def activity(self) -> int:
        return self._past + (self._current.activity if self._current is not None else 0)

    async def begin(self) -> None:
        """Start the first command line, so that a missing program is told by ``start``."""
        if self._work:
            self._current = await self._start(self._work[0])

    async def events(self) -> AsyncIterator[Event]:
        yield Started()
        for sentence in self._warnings:
            yield RunError(message=sentence, kind=FailureKind.UNREADABLE, warning=True)
        for number, files in enumerate(self._work):
            if number:
                self._past = self.activity + 1
                self._current = await self._start(files)
            for event in await self._one(files):
                yield event
            if self._error is not None:
                break
        yield AssistantText(text=self._answer())
        yield Finished(success=self._error is None)

    async def wait(self) -> None:
        """The processes were waited for one by one; this tells how the first bad one ended."""
        if self._error is not None:
            raise self._error

    async def kill(self) -> None:
        if self._current is not None:
            await self._current.kill()

    async def _start(self, files: tuple[str, ...]) -> Running:
        template = ReviewerTemplate(
            agent_name=self._spec.name,
            spec=self._spec,
            sandbox=self._sandbox,
            build_command=partial(_launch, self._tool, files),
            parse=self._collect,
            trusted=True,
        )
        return await template.start(self._config)

    async def _collect(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
        output = await read_all(chunks)
        self._output, self._elided = output.data, output.elided
        yield Finished(success=True)

    async def _one(self, files: tuple[str, ...]) -> list[RunError]:
        """Read one process to its end: exit status first, then what it wrote."""
        process = self._current
        if process is None:
            return []
        async for _event in process.events():
            continue  # the output lies in self._output
        try:
            await process.wait()
        except AgentFailed as error:
            return self._ended_badly(error, files)
        return self._understood()

    def _ended_badly(self, error: AgentFailed, files: tuple[str, ...]) -> list[RunError]:
        cause = error.__cause__
        code = cause.returncode if isinstance(cause, ExitStatus) else None
        if code is None or code not in self._tool.harmless:
            self._error = error
            return []
        sentence = f"{', '.join(repr(file) for file in files)}: {self._tool.harmless[code]}"
        return [RunError(message=sentence, kind=FailureKind.UNREADABLE, warning=True)]

    def _understood(self) -> list[RunError]:
        try:
            # A torn output is none: even if it could be read, findings would be missing.
            report = self._tool.read(b"" if self._elided else self._output, self._target)
        except (ValueError, RecursionError) as error:
            reason = f"it is {self._elided} bytes too long" if self._elided else _first_line(error)
            self._error = AgentFailed(
                f"its output cannot be read: {reason}", FailureKind.UNREADABLE
            )
            return []
        self._findings.extend(report.findings)
        return [
            RunError(message=sentence, kind=FailureKind.UNREADABLE, warning=True)
            for sentence in report.warnings
        ]

    def _answer(self) -> str:
        files = sum(len(batch) for batch in self._work)
        if not files:
            return answer((), f"No file of the change is one for {self._tool.program}.")
        kept = _bounded(self._findings, self._target.diff)
        summary = f"{self._tool.program} looked at {files} file{'s' if files != 1 else ''}."
        if len(kept) < len(self._findings):
            summary += f" Its first {len(kept)} of {len(self._findings)} findings are here."
        return answer(kept, summary)


def _launch(
    tool: Tool, files: tuple[str, ...], spec: AgentSpec, config: RunConfig, *, fenced: bool
) -> Launch | None:
    del fenced  # the same command line either way
    if config.workspace is None:
        return None
    program = find_program(tool.program, (beside_interpreter(), *SYSTEM))
    return Launch(
        command=Command(
            argv=(str(program), *tool.arguments, "--", *(argument(file) for file in files)),
            env={**environment.common(), **environment.review(spec.name, config)},
            cwd=config.workspace.tree,
        ),
        fence=profiles.analyzer(config.workspace.tree),
    )


def _bounded(findings: Sequence[Finding], diff: Diff) -> Sequence[Finding]:
    """Whoever reads an answer has a limit too: what counts must not fall behind it."""
    if len(findings) <= MAX_FINDINGS:
        return findings
    first, _others = touched(findings, diff)
    chosen = set(map(id, first))
    return [*first, *(f for f in findings if id(f) not in chosen)][:MAX_FINDINGS]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _is_utf8(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)
