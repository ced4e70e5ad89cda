"""Which agents are there, in which version, and whether their vendors take their keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from bot.agents import environment
from bot.agents.configured import agent_spec
from bot.agents.lines import read_all
from bot.agents.programs import SYSTEM, beside_interpreter, find_program, search_path
from bot.agents.reviewer import AgentKind, kinds
from bot.cli.doctor.line import Line, attention, broken, unset, works
from bot.cli.doctor.logins import login
from bot.errors import HarnessError
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.sandbox import Sandbox
from bot.settings import AgentSettings, Settings

VERSION_SECONDS = 30.0
VERSION_BYTES = 4096
MAX_REASON = 200
_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.-]*")


async def agents(
    settings: Settings, fences: Sandbox, room: Path, http: httpx.AsyncClient
) -> list[Line]:
    """The configured ones, then those that are installed and not used."""
    known = kinds()
    empty = room / "empty"
    empty.mkdir()
    lines = []
    for agent in _all(settings):
        lines += await _configured(agent, known, fences, empty, http)
    used = {agent.kind for agent in _all(settings)}
    lines += [
        unset(kind.name, f"{program} is installed and not used; to use it, {_how(kind)}")
        for kind in known.values()
        if kind.costs and kind.name not in used and (program := _program(kind, "")) is not None
    ]
    return lines


def _all(settings: Settings) -> Sequence[AgentSettings]:
    more = (settings.developer, settings.planner, settings.judge)
    return (*settings.agents, *(agent for agent in more if agent is not None))


async def _configured(
    agent: AgentSettings,
    known: Mapping[str, AgentKind],
    fences: Sandbox,
    empty: Path,
    http: httpx.AsyncClient,
) -> list[Line]:
    """Its program, and its key where calls of a model go through harness."""
    subject = f"agent {agent.name}"
    kind = known.get(agent.kind)
    if kind is None:
        return [broken(subject, f"there is no kind {agent.kind!r}: {', '.join(sorted(known))}")]
    spec = agent_spec(agent)
    try:
        program = find_program(spec.argv[0] if spec.argv else kind.program, _folders())
        if not kind.program:
            return [works(subject, f"{program}; nothing is known of its version")]
        version, said = await _version(program, kind, fences, empty)
        line = compared(subject, kind, version, said)
        return [line] if kind.api is None else [line, await login(spec.name, kind.api(spec), http)]
    except HarnessError as error:
        return [broken(subject, error.message)]


def compared(subject: str, kind: AgentKind, version: str, said: str = "") -> Line:
    """Another version than the pinned one may read flags or write lines differently."""
    if not version:
        why = f": {said}" if said else ""
        return attention(subject, f"{kind.program} does not tell its version{why}")
    if kind.pinned and version != kind.pinned:
        return attention(subject, f"{kind.program} {version}; {kind.pinned} is what was tested")
    return works(subject, f"{kind.program} {version}")


async def _version(program: Path, kind: AgentKind, fences: Sandbox, empty: Path) -> tuple[str, str]:
    """(version, why there is none)."""
    command = Command(argv=(str(program), "--version"), env=environment.common(), cwd=empty)
    child = await fences.start(command, Fence(tree=empty), trusted=kind.analyzer)
    try:
        async with asyncio.timeout(VERSION_SECONDS):
            output = await read_all(child.chunks(), limit=VERSION_BYTES)
            await child.wait()
    except TimeoutError:
        return "", f"no word for {VERSION_SECONDS:.0f} s"
    finally:
        await child.kill()
    found = _VERSION.search(output.data.decode("utf-8", "replace"))
    if found:
        return found[0], ""
    lines = child.stderr.strip().splitlines()
    return "", lines[-1][:MAX_REASON] if lines else ""


def _folders() -> Sequence[Path]:
    return (beside_interpreter(), *search_path(), *SYSTEM)


def _program(kind: AgentKind, name: str) -> Path | None:
    try:
        return find_program(name or kind.program, _folders())
    except HarnessError:
        return None


def _how(kind: AgentKind) -> str:
    return f'add to harness.toml: [[agents]] name = "{kind.name}" kind = "{kind.name}"'
