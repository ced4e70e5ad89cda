"""Plays the turns of a loop as steps, keeps what they were, and tells whoever watches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from bot.clock import Clock
from bot.errors import TryLater
from bot.models import (
    CostLine,
    Plan,
    Played,
    Review,
    StepRecord,
    SuiteOutcome,
    Trouble,
    TroubleKind,
    Work,
)
from bot.runner.account import of_turn
from bot.runner.bench import Bench
from bot.runner.hooks import CostChanged, Hook, StepEnded, StepStarted, Transition, tell
from bot.runner.member import Step
from bot.runner.turn import played


class Stage:
    """One loop's. ``steps`` and ``cost`` grow with every turn, whatever came of it."""

    def __init__(self, step: Step, hooks: Sequence[Hook], *, seconds: float, clock: Clock) -> None:
        self.steps: list[StepRecord] = []
        self.cost: list[CostLine] = []
        self.step = step
        self._hooks = hooks
        self._seconds = seconds
        self._clock = clock

    async def play(
        self,
        name: str,
        work: Callable[[], Awaitable[Any]],
        kinds: tuple[type, ...],
        bench: Bench | None = None,
    ) -> Played:
        """One role's turn: a step, a record of it and its cost."""
        await self.tell(StepStarted(name=name))
        turn = partial(played, work, kinds, seconds=self._seconds, clock=self._clock, bench=bench)
        try:
            done = await self.step(name, turn)
        except TryLater as error:  # it was waited for as long as anybody waits
            trouble = Trouble(kind=TroubleKind.EXCEPTION, reason=error.message, passing=True)
            done = Played(seconds=0.0, trouble=trouble)
        await self.spend(of_turn(done, name))
        await self.note(
            StepRecord(
                name=name,
                seconds=done.seconds,
                error=done.trouble.reason if done.trouble is not None else "",
                output=_words(done.said),
            )
        )
        return done

    async def spend(self, lines: tuple[CostLine, ...]) -> None:
        if lines:
            self.cost += lines
            await self.tell(CostChanged(lines=lines))

    async def note(self, record: StepRecord) -> None:
        self.steps.append(record)
        await self.tell(StepEnded(record=record))

    async def tell(self, transition: Transition) -> None:
        await tell(self._hooks, transition)


class Prefixed:
    """A panel's own steps, under the name of the round."""

    def __init__(self, step: Step, prefix: str) -> None:
        self._step = step
        self._prefix = prefix

    async def __call__(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        return await self._step(f"{self._prefix} {name}", work)


def _words(said: Any) -> str:
    match said:
        case Plan(text=text):
            return text
        case Work(summary=summary) | Review(summary=summary):
            return summary
        case SuiteOutcome(state=state, reason=reason):
            return f"{state.value}: {reason}" if reason else state.value
        case _:
            return ""
