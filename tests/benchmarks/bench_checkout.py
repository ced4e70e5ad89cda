"""Checkout: what a push costs from fetch to diff, against raw git and against a fresh clone.

``python -m tests.benchmarks.bench_checkout``, in the repository root. A repository of some tens of
MB is generated and served over the loopback by another process. Every round is one push, fetched
by each way in turn, so that a busy moment of the machine hits all of them; medians are compared.

* floor: ``git fetch`` of the two commits and ``git read-tree -u`` into an empty tree; no diff
* new tree: fetch, merge base, limits, diff and a tree written from nothing
* moved on: the same, the tree of the pull request's last push moved on
* clone: ``git clone`` of everything, and nothing else

Exit 1 if a goal is missed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from bot import log
from bot.checkout.files import remove
from bot.checkout.mirror import Mirrors
from bot.models import Repo
from tests.fakes.git_repo import ENV, BareRepo, Content, git
from tests.fakes.git_server import GitServer

FILES, COMMITS, PER_COMMIT, ROUNDS = 500, 6000, 4, 15
GOALS = {
    ("new tree", "floor"): 1.3,
    ("moved on", "floor"): 0.7,
    # A push moves its tree on; what the first push of a pull request costs is printed beside it.
    ("moved on", "clone"): 1 / 15,
    ("new tree", "clone"): None,
}
REPO = Repo(owner="octo", name="large")


def generate(path: Path) -> tuple[BareRepo, str]:
    """Many files in a few directories, and a long history of small changes, as projects have it."""
    rnd = random.Random(7)  # noqa: S311  # the same repository every time
    repo = BareRepo(path)
    content = {f"src/{n % 25:02d}/module_{n:03d}.py": lines(rnd, 80) for n in range(FILES)}
    names = sorted(content)
    stream = [commit(0, content)]
    for number in range(1, COMMITS):
        changed = rnd.sample(names, PER_COMMIT)
        for name in changed:
            first = rnd.randrange(60)
            content[name][first : first + 15] = lines(rnd, 15)
        stream.append(commit(number, {name: content[name] for name in changed}))
    git(path, "fast-import", "--quiet", stdin=b"".join(stream))
    git(path, "repack", "-a", "-d", "-q")
    return repo, repo.branch("main")


def commit(number: int, files: Mapping[str, list[bytes]]) -> bytes:
    parts = [
        b"commit refs/heads/main\ncommitter a <a@example.com> %d +0000\n" % (10**9 + 60 * number),
        b"data 6\nchange\n",
    ]
    for name, content in files.items():
        data = b"".join(content)
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data))
    return b"".join(parts)


def lines(rnd: random.Random, count: int) -> list[bytes]:
    return [b"    value = 0x%x\n" % rnd.getrandbits(240) for _ in range(count)]


def serve(root: Path, answer: Connection) -> None:
    """A process of its own: the server's work is nobody's overhead."""

    async def run() -> None:
        server = GitServer(root=root)
        await server.start()
        answer.send(server.url)
        await asyncio.Event().wait()

    asyncio.run(run())


async def raw(*arguments: str | Path, **env: str) -> None:
    process = await asyncio.create_subprocess_exec("git", *arguments, env={**ENV, **env})
    if await process.wait():
        raise SystemExit(f"git {arguments} failed")


class Ways:
    """Each way to get a push; all of them start with the base commit already there."""

    def __init__(self, place: Path, url: str, base: str) -> None:
        self._place = place
        self._url = f"{url}/octo/large.git"
        self._base = base
        self._mirrors = {
            name: Mirrors(place / name, github_url=url, token=_token)
            for name in ("new tree", "moved on")
        }
        self._number = 1

    async def prepare(self) -> None:
        await raw("init", "-q", "--bare", str(self._place / "floor.git"))
        await self._fetch_raw(self._base)
        for mirrors in self._mirrors.values():
            await mirrors.mirror(REPO).fetch(self._base, self._base, 1)

    async def floor(self, head: str) -> None:
        tree = self._place / "floor tree"
        tree.mkdir()
        await self._fetch_raw(head)
        index = str(self._place / "floor index")
        where = (f"--git-dir={self._place}/floor.git", f"--work-tree={tree}")
        await raw(*where, "read-tree", "--reset", "-u", head, GIT_INDEX_FILE=index)

    async def _fetch_raw(self, head: str) -> None:
        flags = ("--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--quiet")
        specs = [f"+{sha}:refs/h/{sha}" for sha in (self._base, head)]
        await raw(f"--git-dir={self._place}/floor.git", "fetch", *flags, self._url, *specs)

    async def new_tree(self, head: str) -> None:
        self._number += 1
        await self._checkout("new tree", head, self._number)

    async def moved_on(self, head: str) -> None:
        await self._checkout("moved on", head, 1)

    async def _checkout(self, name: str, head: str, number: int) -> None:
        mirror = self._mirrors[name].mirror(REPO)
        await mirror.fetch(self._base, head, number)
        diff = await mirror.diff(self._base, head)
        async with mirror.workspace(self._base, head, number) as workspace:
            assert len(diff.files) == 3, diff.files
            assert (workspace.tree / "src").is_dir()

    async def clone(self, _head: str) -> None:
        await raw("clone", "-q", self._url, str(self._place / "clone"))

    def tidy(self) -> None:
        """Between rounds, so that nobody pays for another's removal."""
        for name in ("floor tree", "clone"):
            remove(self._place / name)
        (self._place / "floor index").unlink(missing_ok=True)
        os.sync()


async def _token(_repo: Repo) -> str:
    return "token"


async def main() -> int:
    log.configure("console", level="ERROR")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        upstream, base = generate(place / "github" / "octo" / "large.git")
        size = sum(file.stat().st_size for file in upstream.path.rglob("*") if file.is_file())
        print(f"{FILES} files, {COMMITS} commits, {size / 1e6:.0f} MB; {ROUNDS} pushes")
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        server = context.Process(target=serve, args=(place / "github", theirs), daemon=True)
        server.start()
        try:
            ways = Ways(place, mine.recv(), base)
            await ways.prepare()
            return report(await measure(ways, upstream, base))
        finally:
            server.terminate()
            server.join()


async def measure(ways: Ways, upstream: BareRepo, base: str) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = defaultdict(list)
    rnd = random.Random(11)  # noqa: S311  # the same pushes every time
    head = base
    for number in range(ROUNDS + 1):
        changed: dict[bytes | str, Content] = {
            f"src/00/module_{n:03d}.py": b"".join(lines(rnd, 80)) for n in (0, 25, 50)
        }
        head = upstream.commit(changed, head)
        order: list[tuple[str, Callable[[str], Awaitable[None]]]] = [
            ("floor", ways.floor), ("new tree", ways.new_tree), ("moved on", ways.moved_on),
        ]  # fmt: skip
        if number % 5 == 1:
            order.append(("clone", ways.clone))
        rnd.shuffle(order)
        for name, way in order:
            began = time.perf_counter()
            await way(head)
            # The first round warms the caches and is not counted.
            if number:
                seconds[name].append(time.perf_counter() - began)
        ways.tidy()
    return seconds


def report(seconds: dict[str, list[float]]) -> int:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:10} {1000 * median:7.0f} ms  (best {1000 * min(seconds[name]):.0f})")
    missed = False
    for (name, other), goal in GOALS.items():
        ratio = medians[name] / medians[other]
        said = f"{name} / {other}: {ratio:.3f}"
        if goal is not None:
            missed = missed or ratio > goal
            said += f" (goal {goal:.3f}){' MISSED' * (ratio > goal)}"
        print(said)
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
