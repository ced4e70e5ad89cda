"""An engine for tests: quick, with a store of large results in a directory, and recipes that
tests write on the spot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.jobs import Cookbook, Engine, Patience, Pulse, Step
from bot.models import Job

Scene = Callable[[Step], Awaitable[None]]

MAX_RUNS = 3


class Blobs:
    """In a directory, so that a restarted process finds them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def stored(self) -> list[str]:
        return sorted(path.name.replace("%", "/") for path in self._directory.iterdir())

    async def put_blob(self, key: str, data: bytes) -> None:
        self._path(key).write_bytes(data)

    async def get_blob(self, key: str) -> bytes | None:
        path = self._path(key)
        return path.read_bytes() if path.exists() else None

    async def delete_blobs(self, prefix: str) -> int:
        found = [key for key in self.stored() if key.startswith(prefix)]
        for key in found:
            self._path(key).unlink()
        return len(found)

    def _path(self, key: str) -> Path:
        return self._directory / key.replace("/", "%")


class Stage:
    """Scenes by name: what the recipes do for a request. ``log`` is what the scenes wrote down."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}
        self.log: list[str] = []

    def job(self, name: str, scene: Scene, *, key: str = "", recipe: str = "play") -> Job:
        """A job that plays the scene; ``key`` is the scene's own unless given."""
        self.scenes[name] = scene
        return Job(recipe=recipe, key=key or name, request=name)


book = Cookbook()


@book.recipe("play", version=1)
async def play(stage: Stage, step: Step, request: str) -> None:
    await stage.scenes[request](step)


@book.recipe("other", version=1)
async def other(stage: Stage, step: Step, request: str) -> None:
    await stage.scenes[request](step)


def new_engine(data_dir: Path, url: str, **more: Any) -> Engine:
    defaults: dict[str, Any] = {
        "data_dir": data_dir,
        "database_url": url,
        "store": Blobs(data_dir / "blobs"),
        "max_runs": MAX_RUNS,
        "clock": SystemClock(),
        "cookbook": book,
        "poll": 0.03,
        "patience": Patience(attempts=3, total=5.0, floor=0.01),
        "pulse": Pulse(beat=0.2, dead_after=2.0),
    }
    return Engine(**{**defaults, **more})


def returning(value: Any) -> Callable[[], Awaitable[Any]]:
    async def work() -> Any:
        return value

    return work


def raising(error: Exception) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        raise error

    return work


class Slow:
    """A step's work that runs until cancelled, and then takes ``seconds`` to stop."""

    def __init__(self, log: list[str], name: str, seconds: float = 0.5) -> None:
        self.started = asyncio.Event()
        self._log = log
        self._name = name
        self._seconds = seconds

    async def __call__(self) -> None:
        self._log.append(f"{self._name} starts")
        self.started.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(self._seconds)
            self._log.append(f"{self._name} has stopped")

    async def scene(self, step: Step) -> None:
        await step("slow", self)


def same(left: Any, right: Any) -> bool:
    """Equal and of the same type, all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, Exception):
        return same(left.args, right.args)
    return bool(left == right)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # what it waits for tells nobody
            await asyncio.sleep(0.01)
