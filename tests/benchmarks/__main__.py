"""Runs every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXTRA = {"bench_fanout": (("--events",),), "bench_front_door": (("--memory",),)}
"""More calls of a benchmark than the plain one."""


def main(names: list[str]) -> int:
    """All of them, or those whose names are given; non-zero if one missed its goal."""
    missed = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if names and path.stem not in names:
            continue
        for arguments in ((), *EXTRA.get(path.stem, ())):
            print(f"\n== {path.stem} {' '.join(arguments)}".rstrip(), flush=True)
            module = f"tests.benchmarks.{path.stem}"
            done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
            if done.returncode:
                missed.append(path.stem)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
