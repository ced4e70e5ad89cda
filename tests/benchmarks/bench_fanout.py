"""Fan-out: how long N agents take at once against the slowest of them alone.

``python -m tests.benchmarks.bench_fanout``, in the repository root. Real programs through the real
sandbox: each sleeps and answers. Rounds of "alone" and "all" take turns, so that a busy moment of
the machine hits both; medians are compared. ``--events`` prints instead how many events a second
reach a sink from 100 agents of 10,000 events each, and what that costs in memory. Exit 1 if a goal
is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

from bot.agents.fanout import run_agents
from bot.agents.reviewer import AgentReviewer, build, kinds
from bot.agents.sinks import Sink
from bot.clock import SystemClock
from bot.models import (
    AgentSpec,
    AgentStatus,
    AssistantText,
    Event,
    Finished,
    RunConfig,
    RunSummary,
    Started,
    ToolCall,
    Workspace,
)
from bot.sandbox.sandbox import Sandbox
from tests.fakes.agents import FakeProcess, FakeReviewer

GOAL = 1.25
NARRATIVE = 200
FLAT = 1.2
"""Memory of an agent with four times the events."""
ROUNDS = 5
SLEEP = 2.0


async def main(agents: int) -> int:
    sandbox = Sandbox()
    await sandbox.probe()
    known = kinds()
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder))
        reviewers = {
            f"agent-{number}": build(_spec(f"agent-{number}", number, agents), sandbox, known)
            for number in range(agents)
        }
        slowest = f"agent-{agents - 1}"
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(await _timed({slowest: reviewers[slowest]}, config))
            together.append(await _timed(reviewers, config))
    ratio = statistics.median(together) / statistics.median(alone)
    print(f"slowest alone   {statistics.median(alone):6.2f} s")
    print(f"{agents:2} agents at once {statistics.median(together):6.2f} s")
    print(f"ratio           {ratio:6.2f}   (goal: at most {GOAL})")
    return 0 if ratio <= GOAL else 1


def _spec(name: str, number: int, agents: int) -> AgentSpec:
    seconds = SLEEP * (number + 1) / agents
    script = f"echo working; sleep {seconds:.2f}; echo '{{\"issues\": []}}'"
    return AgentSpec(name=name, kind="command", argv=("/bin/sh", "-c", script))


def _config(folder: Path) -> RunConfig:
    tree, mirror, diff = folder / "tree", folder / "mirror.git", folder / "change.diff"
    tree.mkdir()
    mirror.mkdir()
    diff.write_text("")
    return RunConfig(
        prompt="Review.", workspace=Workspace(tree=tree, git_dir=mirror, diff_file=diff)
    )


async def _timed(reviewers: Mapping[str, AgentReviewer], config: RunConfig) -> float:
    began = time.perf_counter()
    summary = await run_agents(reviewers, dict.fromkeys(reviewers, config), [], clock=SystemClock())
    took = time.perf_counter() - began
    failed = [run for run in summary.agent_runs if run.status is not AgentStatus.SUCCEEDED]
    if failed:
        raise SystemExit(f"an agent failed: {failed[0].error}")
    return took


class _Count:
    """The cheapest sink there is."""

    def __init__(self) -> None:
        self.heard = 0

    def agent_event(self, agent: str, event: Event) -> None:
        self.heard += 1

    def run_finished(self, summary: RunSummary) -> None:
        pass


def _script(each: int) -> list[Event]:
    """Of ``each`` events: mostly tools, and a narrative of the same length: that is kept whole."""
    text = AssistantText(text="a line of narrative of ordinary length, as agents write them\n")
    call = ToolCall(name="Read", args='{"file_path": "src/module/with/a/path/of/some/length.py"}')
    between = [text if number % (each // NARRATIVE) == 0 else call for number in range(each - 2)]
    return [Started(), *between, Finished(success=True)]


async def _peak(agents: int, each: int) -> int:
    """Bytes at most, for the events of ``each`` agent themselves not counted."""
    script = _script(each)
    reviewers = {f"a{n}": FakeReviewer(f"a{n}", FakeProcess(script)) for n in range(agents)}
    tracemalloc.start()
    await run_agents(reviewers, {}, [], clock=SystemClock())
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


async def events(agents: int = 100, each: int = 10_000) -> int:
    script = _script(each)
    reviewers = {f"a{n}": FakeReviewer(f"a{n}", FakeProcess(script)) for n in range(agents)}
    sink = _Count()
    sinks: list[Sink] = [sink]
    began = time.perf_counter()
    await run_agents(reviewers, {}, sinks, clock=SystemClock())
    took = time.perf_counter() - began
    few, many = await _peak(10, each), await _peak(10, 4 * each)
    total = agents * each
    print(f"events             {total:10,}")
    print(f"heard by the sink  {sink.heard:10,}")
    print(f"events a second    {total / took:10,.0f}")
    print(f"memory an agent    {few / 10 / 1e6:10.2f} MB, of {each:,} events")
    print(f"                   {many / 10 / 1e6:10.2f} MB, of {4 * each:,} events")
    print(f"ratio              {many / few:10.2f}    (goal: at most {FLAT})")
    return 0 if many / few <= FLAT and sink.heard == total else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=8)
    parser.add_argument("--events", action="store_true")
    given = parser.parse_args()
    sys.exit(asyncio.run(events() if given.events else main(given.agents)))
