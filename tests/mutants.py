"""Mutation testing of the pure core: breaks it in small ways and counts what its tests notice."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from mutmut.mutation.file_mutation import mutate_file_contents

ROOM = Path("bot/findings")
GOAL = 0.80
SAMPLE = 25
NOTICED = frozenset({"killed", "timeout"})
"""A test failed, or the program did not come to an end. What no test reaches was not noticed."""


def main(arguments: Sequence[str]) -> int:
    """Non-zero if less than the goal was noticed, or if the tests fail without any change."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants a module; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="other numbers draw other mutants")
    parser.add_argument("modules", nargs="*", help="names in bot/findings; all if there are none")
    options = parser.parse_args(arguments)
    there = sorted(path.stem for path in ROOM.glob("*.py"))
    if unknown := set(options.modules).difference(there):
        parser.error(f"not in {ROOM}: {', '.join(sorted(unknown))}")
    modules = options.modules or there
    chosen = {module: drawn(module, options.sample, options.seed) for module in modules}
    # What an earlier run knew about the tests may not hold any more.
    shutil.rmtree("mutants", ignore_errors=True)
    begun = time.monotonic()
    names = [name for drawn_names in chosen.values() for name in drawn_names]
    if not names:
        parser.error("there is nothing to change in these modules")
    done = mutmut("run", "--max-children", "1", *names)
    if done.returncode:
        return done.returncode
    return report(chosen, statuses(), time.monotonic() - begun)


def mutants_of(module: str) -> list[str]:
    """The names of all mutants of a module, in the manner of mutmut."""
    path = ROOM / f"{module}.py"
    made = mutate_file_contents(str(path), path.read_text())
    dotted = ".".join((*ROOM.parts, module))
    return sorted(f"{dotted}.{name}" for name in made.mutant_names)


def drawn(module: str, count: int, seed: int) -> list[str]:
    """The same ones each time for the same code and seed, so that two runs can be compared."""
    names = mutants_of(module)
    if not count or count >= len(names):
        return names
    return sorted(Random(f"{seed} {module}").sample(names, count))  # noqa: S311 (no secret)


def statuses() -> dict[str, str]:
    """What became of each mutant."""
    lines = mutmut("results", "--all", "true", quiet=True).stdout.splitlines()
    return dict(line.strip().rsplit(": ", 1) for line in lines if ": " in line)


def report(chosen: Mapping[str, Sequence[str]], status: Mapping[str, str], seconds: float) -> int:
    """Prints a line for each module, then what nobody noticed; whether the goal was reached."""
    print(f"\n{'module':<14}{'noticed':>9}{'tried':>7}")
    total: Counter[str] = Counter()
    for module, names in chosen.items():
        noticed = sum(status[name] in NOTICED for name in names)
        total.update(noticed=noticed, tried=len(names))
        if names:
            print(f"{module:<14}{noticed:>9}{len(names):>7}{noticed / len(names):>7.0%}")
    share = total["noticed"] / total["tried"]
    print(f"{'all':<14}{total['noticed']:>9}{total['tried']:>7}{share:>7.1%}")
    for name in (name for names in chosen.values() for name in names):
        if status[name] not in NOTICED:
            print(f"{status[name]}: mutmut show {name}")
    verdict = "reached" if share >= GOAL else "missed"
    print(f"{verdict}: the goal is {GOAL:.0%}; it took {seconds / 60:.0f} minutes")
    return 0 if share >= GOAL else 1


def mutmut(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs the program that stands beside this Python."""
    program = Path(sys.executable).with_name("mutmut")
    stdout = subprocess.PIPE if quiet else None
    return subprocess.run([program, *arguments], check=quiet, text=True, stdout=stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
