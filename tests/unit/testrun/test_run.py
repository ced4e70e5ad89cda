"""A run of tests without a sandbox: what is started, and what becomes of its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typing_extensions import override

from bot.errors import AgentFailed
from bot.models import SuiteOutcome, SuiteState
from bot.process import Command
from bot.sandbox.fence import Access, Fence
from bot.testrun.run import GRACE, run_tests
from tests.fakes.agents import FakeClock

S = SuiteState


class Played:
    """A process that says something, takes its time, and ends."""

    def __init__(self, *said: bytes, code: int = 0, stderr: str = "", seconds: float = 0) -> None:
        self.said = said
        self.code = code
        self.stderr = stderr
        self.seconds = seconds
        self.killed: list[float] = []

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self.said:
            yield chunk
        await asyncio.sleep(self.seconds)

    async def wait(self) -> int:
        return self.code

    async def kill(self, grace: float = 9.0) -> None:
        self.killed.append(grace)


class Stage:
    """Starts what was prepared, in turn; an error is raised."""

    def __init__(self, *children: Played | AgentFailed, clock: FakeClock | None = None) -> None:
        self.children = list(children)
        self.started: list[tuple[Command, Fence]] = []
        self.clock = clock

    async def start(self, command: Command, fence: Fence, *, trusted: bool) -> Played:
        assert not trusted, "the tests of a stranger"
        self.started.append((command, fence))
        child = self.children.pop(0)
        if self.clock is not None:
            self.clock.seconds += 40
        if isinstance(child, AgentFailed):
            raise child
        return child


def project(tree: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tree


async def run(tree: Path, stage: Stage, **options) -> SuiteOutcome:
    return await run_tests(
        tree,
        sandbox=stage,
        **{"clock": FakeClock(), "timeout": 60.0, "search": (Path("/opt/bin"),), **options},
    )


async def test_how_a_suite_is_started(tmp_path):
    child = Played(b"1 passed in 0.01s\n")
    stage = Stage(child)
    outcome = await run(project(tmp_path, **{"pytest.ini": ""}), stage)
    command, fence = stage.started[0]
    assert (fence.tree, fence.access, fence.uplink, fence.git_dir) == (
        tmp_path, Access.WRITE, None, None,
    )  # fmt: skip
    assert command.cwd == tmp_path
    assert command.argv[:3] == ("python3", "-m", "pytest")
    assert command.env["PATH"] == "/opt/bin"
    assert command.env["CI"] == "true"
    assert not any("HARNESS" in name for name in command.env)
    assert child.killed == [GRACE], "nothing of its group is left"
    assert (outcome.state, outcome.counts.passed, outcome.tail) == (
        S.PASSED, 1, "1 passed in 0.01s",
    )  # fmt: skip


async def test_a_report_has_a_name_that_nobody_could_guess(tmp_path):
    project(tmp_path, **{"pytest.ini": ""})
    reports = set()
    for _ in range(3):
        stage = Stage(Played())
        await run(tmp_path, stage)
        reports.add(stage.started[0][0].argv[-1])
    assert len(reports) == 3


@pytest.mark.parametrize("command", ["", "make check"])
async def test_the_time_limit_is_no_failing_test(tmp_path, command):
    child = Played(b"FAILED a\n1 failed in 0.1s\n", seconds=60)
    outcome = await run(
        project(tmp_path, **{"pytest.ini": ""}), Stage(child), command=command, timeout=0.05
    )
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "the tests took more than 0.05 s")
    assert outcome.failed == ()
    assert "1 failed" in outcome.tail
    assert child.killed == [GRACE]


async def test_a_cancelled_run_ends_its_process(tmp_path):
    child = Played(seconds=60)
    stage = Stage(child)
    task = asyncio.create_task(run(tmp_path, stage, command="make"))
    while not stage.started:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert child.killed == [GRACE]


async def test_a_refused_sandbox_is_no_failing_test(tmp_path):
    stage = Stage(AgentFailed("no sandbox works here: it is old", "sandbox"))
    outcome = await run(tmp_path, stage, command="make check")
    assert (outcome.state, outcome.reason) == (S.NOT_RUN, "no sandbox works here: it is old")
    assert outcome.command == "make check"


async def test_a_command_that_cannot_be_read_is_not_started(tmp_path):
    stage = Stage()
    outcome = await run(tmp_path, stage, command="make && make check")
    assert outcome.state is S.NOT_RUN
    assert "without a shell" in outcome.reason
    assert stage.started == []


async def test_nothing_to_run(tmp_path):
    outcome = await run(tmp_path, Stage(), command="  ")
    assert outcome.state is S.NO_FRAMEWORK


async def test_several_suites_share_the_time(tmp_path):
    clock = FakeClock()
    stage = Stage(Played(b"ok  \tx\t0.1s\n"), Played(b"FAIL\tx\t0.1s\n", code=1), clock=clock)
    files = {f"{name}/go.mod": "" for name in "abc"}
    outcome = await run(project(tmp_path, **files), stage, clock=clock)
    assert [command.cwd for command, _ in stage.started] == [tmp_path / "a", tmp_path / "b"]
    assert outcome.state is S.FAILED
    assert outcome.failed == ("b: x",)
    assert outcome.reason == "go test -json ./... in c: the tests took more than 60 s"
    assert outcome.duration == 80
    assert "go test -json ./... in c" in outcome.command


async def test_suites_that_are_left_out_are_said(tmp_path):
    stage = Stage(*(Played(b"ok  \tx\t0.1s\n") for _ in range(4)))
    outcome = await run(project(tmp_path, **{f"{n}/go.mod": "" for n in range(6)}), stage)
    assert (outcome.state, outcome.reason) == (S.PASSED, "not run: 2 more suites of this tree")


async def test_what_stands_in_the_report_only_is_shown(tmp_path):
    class Writes(Played):
        @override
        async def wait(self) -> int:
            (tmp_path / stage.started[0][0].argv[-1].removeprefix("output=")).write_text(
                "<testsuite><testcase name='a' classname='C'><failure message='boo'>here"
                "</failure></testcase></testsuite>"
            )
            return 1

    stage = Stage(Writes(code=1))
    package = json.dumps({"devDependencies": {"mocha": "1"}})
    outcome = await run(project(tmp_path, **{"package.json": package}), stage)
    assert (outcome.state, outcome.failed) == (S.FAILED, ("C a",))
    assert outcome.tail == "C a\nboo\nhere"
