"""A real browser, driven by its own debugging protocol: one page, what it shows, and pictures."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
START_SECONDS = 30.0

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root too, and nothing but our own pages is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--remote-debugging-address=127.0.0.1",
)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self.errors: list[str] = []
        """What the page's scripts threw, and what the browser would not load."""

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        await self._socket.send_str(
            json.dumps({"id": self._last, "method": method, "params": params})
        )
        while True:
            message = json.loads((await self._socket.receive()).data)
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(str(message["params"]["exceptionDetails"]))
            elif message.get("method") == "Log.entryAdded":
                self.errors.append(str(message["params"]["entry"]["text"]))
            elif message.get("id") == self._last:
                return dict(message["result"])

    async def open(self, address: str, token: str) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")
        headers = {"Authorization": f"Bearer {token}"}
        await self.send("Network.setExtraHTTPHeaders", headers=headers)
        await self.send("Page.navigate", url=address)

    async def value(self, expression: str) -> Any:
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def until(self, expression: str, seconds: float = 20.0) -> None:
        """Wait until the page says so."""
        async with asyncio.timeout(seconds):
            while not await self.value(expression):
                await asyncio.sleep(0.05)

    async def size(self, width: int, height: int) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    async def picture(self, file: Path) -> None:
        answer = await self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def browser(room: Path) -> AsyncIterator[Page]:
    """Started with a profile of its own in ``room``; gone with all its processes afterwards."""
    child = await asyncio.create_subprocess_exec(
        PROGRAM,
        *_FLAGS,
        f"--user-data-dir={room / 'profile'}",
        "about:blank",
        env={"HOME": str(room), "PATH": os.environ.get("PATH", "")},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{await _port(room / 'profile' / 'DevToolsActivePort')}"
            async with session.get(f"{address}/json") as answer:
                tabs = [tab for tab in await answer.json() if tab["type"] == "page"]
            async with session.ws_connect(
                tabs[0]["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                yield Page(socket)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(START_SECONDS):
        while not file.exists() or not file.read_text().strip():
            await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
