"""A real ``python -m bot serve`` beside the test's embedded GitHub: to be killed and restarted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import httpx

from bot.app import free_port
from bot.demo import EmbeddedGitHub
from bot.demo.hub import Exchange
from bot.models import RunState
from bot.process import Child, Command, start

TOKEN = "operator-of-the-test"
PATIENCE = 40.0
ENDED = {state.value for state in (RunState.FINISHED, RunState.CANCELLED, RunState.FAILED)}


class Served:
    """One process at a time, always at the same address and on the same data."""

    def __init__(
        self,
        github: EmbeddedGitHub,
        place: Path,
        agents: Sequence[dict[str, Any]],
        developer: dict[str, Any] | None = None,
    ) -> None:
        self.port = free_port()
        self._data = place / "data"
        self._command = Command(
            argv=(sys.executable, "-m", "bot", "serve"),
            cwd=place,
            env={
                "PATH": os.defpath,
                "HOME": str(place),
                # The program beside these tests, also where another copy of it is installed.
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "HARNESS_APP_ID": str(github.app_id),
                "HARNESS_PRIVATE_KEY": github.private_key,
                "HARNESS_WEBHOOK_SECRET": github.webhook_secret,
                "HARNESS_GITHUB_API_URL": github.api_url,
                "HARNESS_GITHUB_URL": github.url,
                "HARNESS_DATA_DIR": str(self._data),
                "HARNESS_PORT": str(self.port),
                "HARNESS_OPERATOR_TOKEN": TOKEN,
                "HARNESS_SANDBOX": "off",
                "HARNESS_LOG_FORMAT": "json",
                "HARNESS_AGENTS": json.dumps(agents),
                **({"HARNESS_DEVELOPER": json.dumps(developer)} if developer else {}),
            },
        )
        self._child: Child | None = None
        self._http: httpx.AsyncClient | None = None
        self._moment: Callable[[Exchange], bool] = lambda _: False
        self._left = 0
        self.killed = asyncio.Event()
        github.webhook_url = f"http://127.0.0.1:{self.port}/webhook"

    @property
    def child(self) -> Child:
        assert self._child is not None, "it does not run"
        return self._child

    async def start(self) -> None:
        self._child = await start(self._command)
        if self._http is None:
            address = f"http://127.0.0.1:{self.port}"
            headers = {"Authorization": f"Bearer {TOKEN}"}
            self._http = httpx.AsyncClient(base_url=address, headers=headers, trust_env=False)
        await self.until(self._ready, "it serves")

    async def _ready(self) -> bool:
        assert self._http is not None
        with suppress(httpx.TransportError):
            return (await self._http.get("/readyz")).status_code == 200
        return False

    def kill_when(self, moment: Callable[[Exchange], bool], *, times: int = 1) -> None:
        """kill -9 at the n-th exchange like this: done at GitHub, not heard of here."""
        self._moment, self._left = moment, times

    def __call__(self, exchange: Exchange) -> None:
        if not self.killed.is_set() and self._moment(exchange):
            self._left -= 1
            if self._left == 0:
                self.kill()

    def kill(self) -> None:
        os.kill(self.child.pid, signal.SIGKILL)
        self.killed.set()

    async def gone(self) -> int:
        """Wait for the end of the process; its exit status."""
        async with asyncio.timeout(PATIENCE):
            status = await self.child.wait()
        self._child = None
        return status

    async def terminate(self) -> int:
        """As a service manager does it."""
        os.kill(self.child.pid, signal.SIGTERM)
        return await self.gone()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        if self._child is not None:
            await self._child.kill()

    # -------------------------------------------------------------------- what people see

    async def runs(self) -> list[dict[str, Any]]:
        assert self._http is not None
        answer = await self._http.get("/api/runs")
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()["runs"]
        return found

    async def reviewed(self, *, times: int = 1) -> None:
        """Until there are so many runs, and all of them have ended."""

        async def ended() -> bool:
            runs = await self.runs()
            return len(runs) >= times and all(run["state"] in ENDED for run in runs)

        await self.until(ended, "the runs ended")

    def recorded(self, step: str, times: int = 1) -> bool:
        """Whether the engine wrote down the end of this step so many times."""
        with closing(sqlite3.connect(self._data / "engine.sqlite", timeout=10)) as database:
            query = "select count(*) from operation_outputs where function_name = ?"
            return int(database.execute(query, (step,)).fetchone()[0]) >= times

    async def until(self, true: Callable[[], Any], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await true():  # the other side has no event to give
                    await asyncio.sleep(0.02)
        except TimeoutError:
            log = "" if self._child is None else self._child.stderr
            raise AssertionError(f"not within {PATIENCE:.0f} s: {what}\n{log}") from None


@asynccontextmanager
async def served(
    place: Path,
    agents: Sequence[dict[str, Any]],
    observer: Callable[[Exchange], None],
    developer: dict[str, Any] | None = None,
) -> AsyncIterator[tuple[EmbeddedGitHub, Served]]:
    """Both sides, running."""
    async with AsyncExitStack() as stack:
        watchers = [observer]

        def seen(exchange: Exchange) -> None:
            for watch in watchers:
                watch(exchange)

        github = EmbeddedGitHub(place / "github", observer=seen)
        await stack.enter_async_context(github)
        harness = Served(github, place, agents, developer)
        stack.push_async_callback(harness.close)
        watchers.append(harness)
        await harness.start()
        yield github, harness
