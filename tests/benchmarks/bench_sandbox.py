"""What a sandbox costs beyond the bare command: ``python -m tests.benchmarks.bench_sandbox``.

Medians of the same run, taken in turns, so that a busy machine disturbs all rows alike.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.process import Command, run
from bot.sandbox.fence import Fence
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.uplink import AllowList, Uplink

ROUNDS = 40
GOAL_MS = 15.0


NOWHERE = AllowList(hosts=frozenset())


async def through(
    sandbox: Sandbox, command: Command, tree: Path, uplink: Uplink | None = None
) -> None:
    fence = Fence(tree=tree, uplink=uplink)
    async with await sandbox.start(command, fence, trusted=False) as child:
        if await child.wait() != 0:
            raise SystemExit(f"{command.argv[0]} failed: {child.stderr}")


async def measure() -> dict[str, float]:
    bare = Command(argv=("/bin/true",))
    python = Command(argv=(sys.executable, "-c", ""))
    inside, outside = Sandbox(), Sandbox(mode="off")
    probe = await inside.probe()
    if not probe.works:
        raise SystemExit(f"no sandbox works here: {probe.reason}")
    with tempfile.TemporaryDirectory() as closed:
        tree = Path(closed) / "tree"
        tree.mkdir()
        reachable = Path("/usr/share")
        rows: dict[str, Callable[[], Awaitable[object]]] = {
            "true, bare": lambda: run(bare, timeout=30),
            "true, no sandbox": lambda: through(outside, bare, reachable),
            "true, sandbox": lambda: through(inside, bare, reachable),
            "true, sandbox, closed directory": lambda: through(inside, bare, tree),
            "true, sandbox and a way out": lambda: through(inside, bare, reachable, NOWHERE),
            "python, bare": lambda: run(python, timeout=30),
            "python, sandbox, closed directory": lambda: through(inside, python, tree),
        }
        times: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(ROUNDS):
            for name, row in rows.items():
                began = time.perf_counter()
                await row()
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    medians = asyncio.run(measure())
    for name, value in medians.items():
        base = medians[f"{name.split(',')[0]}, bare"]
        print(f"{name:36} {value:7.1f} ms   {value - base:+6.1f} ms   {value / base:5.1f}x")
    beyond = medians["true, sandbox"] - medians["true, bare"]
    print(f"sandbox beyond the bare command: {beyond:.1f} ms (goal {GOAL_MS:g} ms)")
    return 0 if beyond <= GOAL_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
