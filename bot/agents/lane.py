"""Brings events to one sink: a thread and a bounded queue.

A sink is a plain call, so a slow one would hold up everything that shares its thread. Here it holds
up nobody: when its queue is full, the run waits for a sink that keeps moving, a quarter of a second
for one that does not (less each time), and then drops what does not fit. The next event that
reaches the sink is a warning that says how many it missed. How an agent ended is never dropped.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.agents.events import size, tells_the_end
from bot.agents.sinks import Sink
from bot.guard import Failed, guard_call
from bot.log import logger
from bot.models import Event, RunError, RunSummary, Started

CAPACITY = 4096
"""Events that may wait for one sink."""
CAPACITY_CHARACTERS = 8 * 1024 * 1024
PATIENCE = 0.25
"""Seconds a run waits for a full lane the first time; half of it the next time, and so on."""
FLUSH_SECONDS = 2.0
FINISH_SECONDS = 10.0
"""How long the end of an agent, and of a run, waits for sinks to catch up."""
MAX_FAILURES = 10
"""A sink that fails this often in a row hears only the end."""

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Message:
    """One thing to tell a sink; ``event`` None is the end of the run."""

    call: Callable[[], object]
    size: int = 0
    agent: str = ""
    last: bool = False


class Lane:
    """One sink, its queue and its thread."""

    def __init__(self, sink: Sink, *, capacity: int = CAPACITY) -> None:
        self._sink = sink
        self._capacity = capacity
        self._queue: deque[_Message] = deque()
        self._characters = 0
        self._busy = False
        self._closing = False
        self._changed = threading.Condition()
        self._waiters: list[tuple[Callable[[], bool], Callable[[], object]]] = []
        self._patience = PATIENCE
        self._behind = False
        self._untold: Counter[str] = Counter()
        self._failures = 0
        self._delivered = 0
        self._stuck_at = -1
        self.users = 0
        self.dropped: Counter[str] = Counter()
        """Events that this sink did not hear, by agent."""
        context = contextvars.copy_context()  # the ids bound to log lines
        self._thread = threading.Thread(
            target=context.run, args=(self._serve,), name=f"sink {self.name}", daemon=True
        )
        self._thread.start()

    @property
    def name(self) -> str:
        return type(self._sink).__name__

    def offer(self, agent: str, event: Event) -> bool:
        """Queue the event if there is room."""
        with self._changed:
            room = self._capacity // 2 if self._behind else self._capacity
            full = len(self._queue) >= room or self._characters >= CAPACITY_CHARACTERS
            if full and not (_essential(event) and len(self._queue) < 2 * self._capacity):
                return False
            self._behind = self._behind and full
            self._tell_dropped(agent)
            self._append(
                _Message(
                    call=partial(self._sink.agent_event, agent, event),
                    size=size(event),
                    agent=agent,
                )
            )
            return True

    async def insist(self, agent: str, event: Event) -> None:
        """After a refused offer: wait a little for room, or count the event as dropped."""
        loop = asyncio.get_running_loop()
        while not self._behind:
            before = self._delivered
            if await self._reached(self._roomy, loop.time() + self._patience):
                if self.offer(agent, event):
                    return  # else another agent was faster
            elif not self._behind and self._delivered - before < self._capacity // 2:
                self._behind = True
                self._patience /= 2
        with self._changed:
            self.dropped[agent] += 1
            self._untold[agent] += 1

    async def flush(self) -> None:
        """Give the sink time to hear everything."""
        with self._changed:
            for agent in list(self._untold):
                self._tell_dropped(agent)
        await self._catch_up(FLUSH_SECONDS)

    async def finish(self, summary: RunSummary) -> None:
        """Tell the end, after everything else, and give the sink time for it."""
        with self._changed:
            self._append(_Message(call=partial(self._sink.run_finished, summary), last=True))
        await self._catch_up(FINISH_SECONDS)

    def close(self) -> None:
        """The thread ends once the queue is empty."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self.dropped:
            _log.warning("sink.dropped", sink=self.name, dropped=dict(self.dropped))

    def _append(self, message: _Message) -> None:
        self._queue.append(message)
        self._characters += message.size
        if not self._busy:
            self._changed.notify_all()

    def _tell_dropped(self, agent: str) -> None:
        missed = self._untold.pop(agent, 0)
        if missed:
            event = RunError(message=f"{missed} events were not shown: too many", warning=True)
            self._append(_Message(call=partial(self._sink.agent_event, agent, event), agent=agent))

    def _roomy(self) -> bool:
        return (
            len(self._queue) <= self._capacity // 2 and self._characters <= CAPACITY_CHARACTERS // 2
        )

    def _idle(self) -> bool:
        return not self._queue and not self._busy

    async def _catch_up(self, seconds: float) -> None:
        if self._delivered == self._stuck_at:
            return  # it hangs in the same call as the last time
        deadline = asyncio.get_running_loop().time() + seconds
        if not await self._reached(self._idle, deadline):
            self._stuck_at = self._delivered

    async def _reached(self, state: Callable[[], bool], deadline: float) -> bool:
        """Wait, on the event loop, for the thread to bring about ``state``."""
        loop = asyncio.get_running_loop()
        while True:
            awake = asyncio.Event()
            waiter = (state, partial(loop.call_soon_threadsafe, awake.set))
            with self._changed:
                if state():
                    return True
                self._waiters.append(waiter)
            try:
                async with asyncio.timeout_at(deadline):
                    await awake.wait()
            except TimeoutError:
                return False
            finally:
                # The thread must not call a loop that is closed by then.
                with self._changed:
                    if waiter in self._waiters:
                        self._waiters.remove(waiter)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._wake()
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return
                self._busy = True
                message = self._queue.popleft()
                self._characters -= message.size
            self._deliver(message)

    def _wake(self) -> None:
        if not self._waiters:
            return
        ready = [waiter for waiter in self._waiters if waiter[0]()]
        for waiter in ready:
            self._waiters.remove(waiter)
            waiter[1]()

    def _deliver(self, message: _Message) -> None:
        if self._failures >= MAX_FAILURES and not message.last:
            with self._changed:
                self.dropped[message.agent] += 1
            return
        outcome = guard_call(f"sink.{self.name}", message.call)
        self._failures = self._failures + 1 if isinstance(outcome, Failed) else 0
        self._delivered += 1


def _essential(event: Event) -> bool:
    return isinstance(event, Started) or tells_the_end(event)
