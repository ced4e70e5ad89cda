"""A desk where scripted agents report when they begin, wait until they may go on, and sign out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Attendance:
    """Agents run as another user and may outlive harness: a connection says more than a file."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        """(agent, head), in order."""
        self.ended: list[tuple[str, str]] = []
        """Those that ended by themselves."""
        self.overlaps: list[str] = []
        """An agent began while another process of the same name was alive."""
        self.pids: list[int] = []
        self.port = 0
        self._here: dict[int, str] = {}
        self._held: set[str] = set()
        self._moved = asyncio.Condition()

    def hold(self, *names: str) -> None:
        """From now on these agents wait at the desk."""
        self._held |= set(names)

    async def release(self) -> None:
        """Nobody waits any more."""
        async with self._moved:
            self._held.clear()
            self._moved.notify_all()

    @property
    def alive(self) -> list[int]:
        """Processes that reported and still exist."""
        return [pid for pid in self.pids if _alive(pid)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name, head, number = (await reader.readline()).decode().split()
        pid = int(number)
        self.overlaps += [name for p, n in self._here.items() if n == name and _alive(p)]
        self._here[pid] = name
        self.pids.append(pid)
        self.started.append((name, head))
        try:
            if await self._may_go(name, reader):
                writer.write(b"go\n")
                if await reader.readline() == b"end\n":
                    self.ended.append((name, head))
        except ConnectionError:
            pass
        finally:
            del self._here[pid]
            writer.close()

    async def _may_go(self, name: str, reader: asyncio.StreamReader) -> bool:
        """False if it was ended while it waited."""
        let_go = asyncio.create_task(self._until_released(name))
        gone = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({let_go, gone}, return_when=asyncio.FIRST_COMPLETED)
            return not gone.done()
        finally:
            for task in (let_go, gone):
                task.cancel()
            await asyncio.gather(let_go, gone, return_exceptions=True)

    async def _until_released(self, name: str) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: name not in self._held)


@asynccontextmanager
async def attendance() -> AsyncIterator[Attendance]:
    desk = Attendance()
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0)
    desk.port = server.sockets[0].getsockname()[1]
    yield desk
    await desk.release()
    server.close()
    await server.wait_closed()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
