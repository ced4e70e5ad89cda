"""What a running engine promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.clock import SystemClock
from bot.errors import AgentFailed, ConfigurationError, Superseded, TryLater
from bot.jobs import Engine, NotRecordable, Step, UnexpectedError
from bot.jobs.database import Database
from bot.models import Job, Repo, RunState
from tests.conftest import PostgresServer
from tests.fakes.jobs import MAX_RUNS, Blobs, Slow, Stage, new_engine, raising, returning, until

_numbers = itertools.count(1)


@pytest.fixture(scope="class")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="class")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of the class's own database."""
    if not request.cls.postgres:
        yield ""
        return
    cluster: PostgresServer = request.getfixturevalue("postgres_cluster")
    with cluster.database() as made:
        yield made


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def running(home: Path, url: str) -> AsyncIterator[tuple[Engine, Stage]]:
    stage = Stage()
    engine = new_engine(home, url)
    await engine.start(stage)
    yield engine, stage
    await engine.stop()


@pytest.mark.asyncio(loop_scope="class")
class Contract:
    """Subclasses say on which database; one engine for all tests of a class."""

    postgres: ClassVar[bool]

    @pytest.fixture
    def engine(self, running: tuple[Engine, Stage]) -> Engine:
        return running[0]

    @pytest.fixture
    def stage(self, running: tuple[Engine, Stage]) -> Stage:
        """With a log of its own: what an earlier test left may still write into its."""
        running[1].log = []
        return running[1]

    @pytest.fixture
    def name(self) -> str:
        """Nothing is shared between tests but the engine."""
        return f"acme/app#{next(_numbers)}"

    # ---------------------------------------------------------------------------- in and out

    async def test_a_job_runs_its_steps_and_is_finished(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        got: list[object] = []

        async def scene(step: Step) -> None:
            got.append(await step("repo", returning(Repo(owner="a", name="b"))))
            got.append(step.job_id)

        await engine.enqueue(f"{name}:0", stage.job(name, scene))
        status = await engine.wait(f"{name}:0")

        assert got == [Repo(owner="a", name="b"), f"{name}:0"]
        assert status.state is RunState.FINISHED
        assert status.error is None
        assert status.recipe == "play_v1"
        assert status.key == name
        steps = await engine.steps(f"{name}:0")
        assert [(s.name, s.error) for s in steps] == [("repo", None)]
        assert status.created_at <= steps[0].started <= steps[0].finished

    async def test_enqueued_many_times_it_runs_once(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        runs: list[int] = []

        async def scene(step: Step) -> None:
            runs.append(await step("count", returning(1)))

        job = stage.job(name, scene)
        await asyncio.gather(*(engine.enqueue(name, job) for _ in range(20)))
        await engine.wait(name)
        await engine.enqueue(name, job)
        await asyncio.sleep(0.2)
        assert runs == [1]

    async def test_a_job_that_nobody_knows(self, engine: Engine) -> None:
        assert await engine.status("never") is None
        with pytest.raises(LookupError):
            await engine.wait("never")

    async def test_an_unknown_recipe_is_refused(self, engine: Engine) -> None:
        with pytest.raises(ConfigurationError, match="sing"):
            await engine.enqueue("x", Job(recipe="sing", key="k", request=None))

    async def test_hostile_keys_and_names(self, engine: Engine, stage: Stage, name: str) -> None:
        async def scene(step: Step) -> None:
            await step("\x00 \ud800 '; --", returning(None))

        job_id = f"{name} \x00".replace("\x00", "")
        await engine.enqueue(job_id, stage.job(name, scene, key=f"{name}\x00\udc80'"))
        assert (await engine.wait(job_id)).state is RunState.FINISHED

    async def test_counts(self, engine: Engine, stage: Stage, name: str) -> None:
        before = await engine.counts()
        slow = Slow(stage.log, name, seconds=0.0)
        await engine.enqueue(f"{name}:0", stage.job(name, slow.scene))
        await engine.enqueue(f"{name}:1", stage.job(name, slow.scene))
        await slow.started.wait()
        now = await engine.counts()
        await engine.cancel(name)
        assert set(now) == {state.value for state in RunState}
        assert now["running"] == before["running"] + 1
        assert now["waiting"] == before["waiting"] + 1
        after = await engine.counts()
        assert after["cancelled"] == before["cancelled"] + 2

    async def test_a_step_that_enqueues_a_job(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        child = stage.job(f"{name}/child", lambda step: step("child", returning(None)))

        async def scene(step: Step) -> None:
            await step("enqueue", lambda: engine.enqueue(f"{name}:child", child))

        await engine.enqueue(name, stage.job(name, scene))
        assert (await engine.wait(name)).state is RunState.FINISHED
        assert (await engine.wait(f"{name}:child")).state is RunState.FINISHED
        assert [step.name for step in await engine.steps(name)] == ["enqueue"]

    # -------------------------------------------------------------------------------- errors

    async def test_an_error_of_the_recipe_keeps_its_class(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        scene = lambda step: step("fail", raising(AgentFailed("no answer", "timeout")))  # noqa: E731
        await engine.enqueue(name, stage.job(name, scene))
        status = await engine.wait(name)
        assert status.state is RunState.FAILED
        assert type(status.error) is AgentFailed
        assert status.error.args == ("no answer", "timeout")
        assert [type(step.error) for step in await engine.steps(name)] == [AgentFailed]

    async def test_superseded_ends_quietly(self, engine: Engine, stage: Stage, name: str) -> None:
        scene = lambda step: step("look", raising(Superseded("a newer head")))  # noqa: E731
        await engine.enqueue(name, stage.job(name, scene))
        status = await engine.wait(name)
        assert (status.state, status.error) == (RunState.FINISHED, None)

    async def test_an_unknown_kind_is_refused_when_it_is_written(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        async def scene(step: Step) -> None:
            await step("make", returning({"deep": [object()]}))

        with pytest.raises(NotRecordable, match=r"\['request'\]|object"):
            await engine.enqueue(name, replace(stage.job(name, scene), request=object()))
        assert await engine.status(name) is None
        await engine.enqueue(name, stage.job(name, scene))
        status = await engine.wait(name)
        assert isinstance(status.error, NotRecordable)
        assert "value.value['deep'][0] is a builtins.object" in str(status.error)

    async def test_cancelled_from_inside_is_a_failure_not_a_job_that_hangs(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        async def scene(step: Step) -> None:
            raise asyncio.CancelledError

        await engine.enqueue(name, stage.job(name, scene))
        status = await engine.wait(name)
        assert status.state is RunState.FAILED
        assert isinstance(status.error, UnexpectedError)

    # ------------------------------------------------------------------------------ TryLater

    async def test_a_step_that_asks_to_be_tried_later(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        calls = itertools.count(1)

        async def work() -> str:
            if next(calls) < 3:
                raise TryLater("not yet", 0.1)
            return "now"

        async def scene(step: Step) -> None:
            stage.log.append(await step("ask", work))

        await engine.enqueue(name, stage.job(name, scene))
        assert (await engine.wait(name)).state is RunState.FINISHED
        assert stage.log == ["now"]
        first, second, third = await engine.steps(name)
        assert [first.name, second.name, third.name] == ["ask", "ask#2", "ask#3"]
        assert [type(s.error) for s in (first, second, third)] == [TryLater, TryLater, type(None)]
        assert (second.started - first.finished).total_seconds() >= 0.09

    @pytest.mark.parametrize(("seconds", "attempts"), [(0.0, 3), (3600.0, 1), (float("inf"), 1)])
    async def test_patience_ends(
        self, engine: Engine, stage: Stage, name: str, seconds: float, attempts: int
    ) -> None:
        scene = lambda step: step("ask", raising(TryLater("limit", seconds)))  # noqa: E731
        await engine.enqueue(name, stage.job(name, scene))
        status = await engine.wait(name)
        assert type(status.error) is TryLater
        assert status.error.args == ("limit", seconds)
        assert len(await engine.steps(name)) == attempts

    async def test_steps_at_the_same_time_do_not_race_for_their_places(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        async def scene(step: Step) -> None:
            def work(number: int) -> Any:
                calls = itertools.count()

                async def run() -> int:
                    if next(calls) == 0:
                        raise TryLater("later", 0.05 if number % 2 else 0.02)
                    return number

                return run

            stage.log.append(
                str(await asyncio.gather(*(step(f"agent {n}", work(n)) for n in range(4))))
            )

        await engine.enqueue(name, stage.job(name, scene))
        await engine.wait(name)
        assert stage.log == ["[0, 1, 2, 3]"]
        assert len(await engine.steps(name)) == 8

    async def test_a_recipe_sleeps(self, engine: Engine, stage: Stage, name: str) -> None:
        await engine.enqueue(name, stage.job(name, lambda step: step.sleep(0.3)))
        status = await engine.wait(name)
        took = (SystemClock().now() - status.created_at).total_seconds()
        assert status.state is RunState.FINISHED
        assert took >= 0.3

    # ------------------------------------------------------------------------------ cancelling

    async def test_cancelling_reaches_a_running_step_and_waits_in_line(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        slow = Slow(stage.log, "old")

        async def scene(step: Step) -> None:
            try:
                await step("slow", slow)
            finally:
                stage.log.append("recipe cleaned up")

        async def never(step: Step) -> None:
            stage.log.append("never")

        await engine.enqueue(f"{name}:0", stage.job(f"{name} a", scene, key=name))
        await engine.enqueue(f"{name}:1", stage.job(f"{name} b", never, key=name))
        await slow.started.wait()
        assert await engine.cancel(name) == 2
        assert (await engine.wait(f"{name}:0")).state is RunState.CANCELLED
        assert (await engine.wait(f"{name}:1")).state is RunState.CANCELLED
        await until(lambda: "recipe cleaned up" in stage.log)
        assert stage.log == ["old starts", "old has stopped", "recipe cleaned up"]
        assert await engine.steps(f"{name}:0") == [], "a cancelled step has no outcome"

    async def test_cancelling_a_job_that_waits_to_be_tried_later(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        scene = lambda step: step("ask", raising(TryLater("limit", 4.0)))  # noqa: E731
        await engine.enqueue(name, stage.job(name, scene))
        async with asyncio.timeout(3):
            while not await engine.steps(name):  # the engine tells nobody
                await asyncio.sleep(0.02)
            assert await engine.cancel(name) == 1
            assert (await engine.wait(name)).state is RunState.CANCELLED

    async def test_ending_jobs_by_name_says_which_had_not_finished_and_spares_later_ones(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        async def nothing(step: Step) -> None: ...

        await engine.enqueue(f"{name}:0", stage.job(f"{name} a", nothing, key=name))
        await engine.wait(f"{name}:0")
        slow = Slow(stage.log, "old")
        await engine.enqueue(f"{name}:1", stage.job(f"{name} b", slow.scene, key=name))
        await slow.started.wait()
        assert list(await engine.live(name)) == [f"{name}:1"]
        await engine.enqueue(f"{name}:2", stage.job(f"{name} c", nothing, key=name))
        for _again in range(2):
            assert await engine.end([f"{name}:0", f"{name}:1"]) == [f"{name}:1"]
        assert (await engine.wait(f"{name}:2")).state is RunState.FINISHED
        assert await engine.live(name) == {}

    async def test_a_newer_job_supersedes_without_overlap(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        slow = Slow(stage.log, "first")

        async def second(step: Step) -> None:
            stage.log.append(await step("say", returning("second runs")))

        async def third(step: Step) -> None:
            stage.log.append(await step("say", returning("third runs")))

        jobs = [
            replace(stage.job(f"{name} {n}", scene, key=name), supersedes=True)
            for n, scene in enumerate((slow.scene, second, third))
        ]
        await engine.enqueue(f"{name}:0", jobs[0])
        await slow.started.wait()
        await engine.enqueue(f"{name}:1", jobs[1])
        await engine.enqueue(f"{name}:2", jobs[2])
        states = [(await engine.wait(f"{name}:{n}")).state for n in range(3)]
        assert states == [RunState.CANCELLED, RunState.CANCELLED, RunState.FINISHED]
        assert stage.log == ["first starts", "first has stopped", "third runs"]

    async def test_asked_for_again_an_old_job_ends_nobody(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        async def nothing(step: Step) -> None: ...

        old = replace(stage.job(f"{name} old", nothing, key=name), supersedes=True)
        await engine.enqueue(f"{name}:0", old)
        await engine.wait(f"{name}:0")
        slow = Slow(stage.log, "new", seconds=0.0)
        await engine.enqueue(f"{name}:1", stage.job(f"{name} new", slow.scene, key=name))
        await slow.started.wait()
        await engine.enqueue(f"{name}:0", old)
        status = await engine.status(f"{name}:1")
        await engine.cancel(name)
        assert status is not None
        assert status.state is RunState.RUNNING

    async def test_superseding_spares_other_recipes_and_cancelling_does_not(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        log = stage.log
        slow = Slow(log, "other", seconds=0.1)
        other = stage.job(f"{name} other", slow.scene, key=name, recipe="other")
        await engine.enqueue(f"{name}:0", other)
        await slow.started.wait()

        async def play(step: Step) -> None:
            log.append("play")

        async def close(step: Step) -> None:
            log.append("close")

        superseding = replace(stage.job(f"{name} play", play, key=name), supersedes=True)
        await engine.enqueue(f"{name}:1", superseding)
        await asyncio.sleep(0.2)
        assert log == ["other starts"]
        closing = replace(stage.job(f"{name} close", close, key=name), cancels=True)
        await engine.enqueue(f"{name}:2", closing)
        states = [(await engine.wait(f"{name}:{n}")).state for n in range(3)]
        assert states == [RunState.CANCELLED, RunState.CANCELLED, RunState.FINISHED]
        assert log == ["other starts", "other has stopped", "close"]

    async def test_a_step_left_behind_by_a_gather_does_not_outlive_its_recipe(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        slow = Slow(stage.log, "left")

        async def fail() -> None:
            await slow.started.wait()
            raise AgentFailed("first")

        async def scene(step: Step) -> None:
            await asyncio.gather(step("fail", fail), step("left", slow))

        async def after(step: Step) -> None:
            stage.log.append("after")

        await engine.enqueue(f"{name}:0", stage.job(f"{name} a", scene, key=name))
        await engine.enqueue(f"{name}:1", stage.job(f"{name} b", after, key=name))
        assert isinstance((await engine.wait(f"{name}:0")).error, AgentFailed)
        await engine.wait(f"{name}:1")
        assert stage.log == ["left starts", "left has stopped", "after"]

    # --------------------------------------------------------------------------------- limits

    async def test_jobs_of_a_key_run_one_after_the_other_and_in_order(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        def scene(number: int) -> Any:
            async def run() -> None:
                stage.log.append(f"{number} in")
                await asyncio.sleep(0.02)
                stage.log.append(f"{number} out")

            return lambda step: step("run", run)

        for n in range(4):
            await engine.enqueue(f"{name}:{n}", stage.job(f"{name} {n}", scene(n), key=name))
            await asyncio.sleep(0.002)  # the engine's order is by milliseconds
        for n in range(4):
            await engine.wait(f"{name}:{n}")
        assert stage.log == [f"{n} {way}" for n in range(4) for way in ("in", "out")]

    async def test_no_more_jobs_than_allowed_run_at_once(
        self, engine: Engine, stage: Stage, name: str
    ) -> None:
        running, peak = 0, 0

        async def work() -> None:
            nonlocal running, peak
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0.1)
            running -= 1

        names = [f"{name}/{n}" for n in range(8)]
        for each in names:
            await engine.enqueue(each, stage.job(each, lambda step: step("work", work)))
        for each in names:
            await engine.wait(each)
        assert peak == MAX_RUNS

    # ---------------------------------------------------------------------- sizes, housekeeping

    async def test_a_large_result_goes_to_the_store(
        self, engine: Engine, stage: Stage, name: str, home: Path, url: str
    ) -> None:
        name = name.replace("/", "-")
        large = ("é" * 40_000, b"\xff" * 70_000)
        got: list[object] = []

        async def scene(step: Step) -> None:
            got.append(await step("large", returning(large)))
            with suppress(AgentFailed):
                await step("loud", raising(AgentFailed("x" * 100_000)))
            got.append(await step("small", returning("x" * 60_000)))

        await engine.enqueue(name, stage.job(name, scene))
        assert (await engine.wait(name)).state is RunState.FINISHED
        assert got == [large, "x" * 60_000]
        mine = [key for key in Blobs(home / "blobs").stored() if key.startswith(name)]
        assert [key.rpartition("/")[2] for key in mine] == ["large", "loud"]
        assert max(await _recorded_sizes(url, home, name)) <= 64 * 1024

    async def test_old_jobs_are_forgotten(
        self, engine: Engine, stage: Stage, name: str, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = name.replace("/", "-")
        scene = lambda step: step("large", returning("x" * 100_000))  # noqa: E731
        await engine.enqueue(f"{name}:0", stage.job(name, scene))
        await engine.wait(f"{name}:0")
        slow = Slow(stage.log, name, seconds=0.0)
        await engine.enqueue(f"{name}:1", stage.job(f"{name} slow", slow.scene))
        await slow.started.wait()
        await engine.purge()
        assert await engine.status(f"{name}:0") is not None
        monkeypatch.setattr(engine, "_keep", engine._keep * -1)
        assert await engine.purge() >= 1
        assert await engine.status(f"{name}:0") is None
        assert await engine.steps(f"{name}:0") == []
        assert [k for k in Blobs(home / "blobs").stored() if k.startswith(f"{name}:0")] == []
        assert (await engine.status(f"{name}:1")) is not None
        await engine.cancel(f"{name} slow")


async def _recorded_sizes(url: str, home: Path, job_id: str) -> list[int]:
    database = Database(url, home)
    schema = None if database.is_sqlite else "dbos"
    columns = [sa.column(n, sa.String()) for n in ("workflow_uuid", "output", "error")]
    table = sa.table("operation_outputs", *columns, schema=schema)
    size = sa.func.length(sa.func.coalesce(table.c.output, table.c.error))
    try:
        rows = await database._rows(sa.select(size).where(table.c.workflow_uuid == job_id))
    finally:
        await database.close()
    return [row[0] for row in rows]


class TestSqlite(Contract):
    postgres = False


@pytest.mark.postgres
class TestPostgres(Contract):
    postgres = True
