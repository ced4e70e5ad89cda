"""What it costs to read checkpoints. ``python -m tests.benchmarks.bench_checkpoints [COUNT]``.

A branch of checkpoints (150 by default) with transcripts of up to 4 MB each, over real git: bytes
and seconds of a fetch of everything, of one without large files (what harness does), and of one
without any; then the time to read the checkpoints of one change. Exits with 1 unless the filtered
fetch is at most 5 % of the whole.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.checkout.git import Git
from bot.checkout.records import FILTER, Records
from bot.context import checkpoints
from bot.context.checkpoints.reading import read_checkpoint
from tests.fakes.entire import BRANCH, Entire, write_branch
from tests.fakes.git_repo import ENV, BareRepo, git

GOAL = 0.05
IDS = 20


def fetched(room: Path, source: Path, name: str, *more: str) -> tuple[int, float]:
    target = room / name
    git(room, "init", "-q", "--bare", str(target))
    started = time.perf_counter()
    spec = f"+refs/heads/{BRANCH}:refs/heads/{BRANCH}"
    subprocess.run(
        ["git", "fetch", "-q", "--depth=1", *more, f"file://{source}", spec],
        cwd=target, env=ENV, check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    return sum(p.stat().st_size for p in (target / "objects").rglob("*") if p.is_file()), seconds


async def read(place: Path, ids: list[str]) -> tuple[int, float]:
    records = Records(Git(), place)
    started = time.perf_counter()
    found = await checkpoints.found(records, ids)
    useful = sum(read_checkpoint(name, files).useful for name, files in found.items())
    return useful, time.perf_counter() - started


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        source = BareRepo(room / "source.git")
        git(source.path, "config", "uploadpack.allowFilter", "true")
        made = Entire(transcript_bytes=4_000_000).made(count)
        write_branch(source, made)
        rows = {
            "everything": fetched(room, source.path, "all.git"),
            FILTER: fetched(room, source.path, "some.git", f"--filter={FILTER}"),
            "blob:none": fetched(room, source.path, "none.git", "--filter=blob:none"),
        }
        whole = rows["everything"][0]
        for name, (size, seconds) in rows.items():
            share = 100 * size / whole
            print(f"{name:18}{size / 1024:12,.0f} KiB {share:7.1f} % {seconds:8.2f} s")
        # As harness does: nobody is to be asked for what was left out.
        (room / "some.git" / "config").write_text("[core]\n\tbare = true\n")
        useful, seconds = asyncio.run(read(room / "some.git", made.ids[:IDS]))
        print(f"reading {IDS} checkpoints: {1000 * seconds:.0f} ms, {useful} of them say why")
    return int(rows[FILTER][0] > GOAL * whole)


if __name__ == "__main__":
    sys.exit(main())
