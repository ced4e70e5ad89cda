"""How long a step is humoured, with and without an engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AgentFailed, ConfigurationError, TryLater
from bot.jobs import MemoryStep, Patience
from bot.jobs.patience import LONGEST_BACKOFF, MAX_ATTEMPTS, attempt_name

anything = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(anything, min_size=MAX_ATTEMPTS, max_size=MAX_ATTEMPTS))
def test_it_ends_whatever_is_asked(asked: list[float]) -> None:
    patience, waited, attempt = Patience(), 0.0, 1
    while (seconds := patience.wait(attempt, waited, asked[attempt - 1])) is not None:
        assert seconds >= max(0.0, asked[attempt - 1])
        waited, attempt = waited + seconds, attempt + 1
    assert attempt <= MAX_ATTEMPTS
    assert waited <= patience.total


def test_it_waits_longer_each_time() -> None:
    patience = Patience(floor=1.0)
    waits = [patience.wait(attempt, 0.0, 0.0) for attempt in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_BACKOFF, LONGEST_BACKOFF]
    assert patience.wait(1, 0.0, 3599.0) == 3599.0


def test_its_bounds() -> None:
    assert Patience(attempts=2).wait(2, 0.0, 1.0) is None
    assert Patience(total=10.0).wait(1, 5.0, 5.0) == 5.0
    assert Patience(total=10.0).wait(1, 5.0, 5.1) is None
    assert Patience().wait(1, 0.0, float("nan")) is None
    for attempts in (0, MAX_ATTEMPTS + 1):
        with pytest.raises(ConfigurationError):
            Patience(attempts=attempts)


def test_names_of_attempts() -> None:
    assert [attempt_name("fetch", n) for n in (1, 2, 3)] == ["fetch", "fetch#2", "fetch#3"]


class Sleeper:
    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_a_memory_step_tries_again_and_remembers_names() -> None:
    sleeper = Sleeper()
    step = MemoryStep("local", sleep=sleeper)
    answers: list[Exception | str] = [TryLater("wait", 3.0), TryLater("wait", 0.0), "now"]

    async def work() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await step("ask", work) == "now"
    assert await step("again", lambda: _value(3)) == 3
    await step.sleep(7.0)
    assert step.names == ["ask", "ask#2", "ask#3", "again"]
    assert sleeper.slept == [3.0, 2.0, 7.0]
    assert step.job_id == "local"


async def test_a_memory_step_does_not_wait_forever() -> None:
    sleeper = Sleeper()
    step = MemoryStep(sleep=sleeper, patience=Patience(attempts=3, total=100.0))
    error = TryLater("limit", 40.0)
    with pytest.raises(TryLater) as raised:
        await step("ask", lambda: _fail(error))
    assert raised.value is error
    assert sleeper.slept == [40.0, 40.0]
    with pytest.raises(TryLater):
        await step("hour", lambda: _fail(TryLater("limit", 3600.0)))
    assert sleeper.slept == [40.0, 40.0]


async def test_a_memory_step_passes_other_errors_on() -> None:
    error = AgentFailed("no")
    with pytest.raises(AgentFailed) as raised:
        await MemoryStep(sleep=Sleeper())("ask", lambda: _fail(error))
    assert raised.value is error


async def _value(value: int) -> int:
    return value


async def _fail(error: Exception) -> None:
    raise error
