"""What every kind of agent promises, whoever adds it: checked for all that the registry finds."""

import importlib
from pathlib import Path

import pytest
from typing_extensions import override

from bot.agents.fanout import run_agent
from bot.agents.reviewer import AgentKind, build, kinds
from bot.agents.sinks import Collect
from bot.errors import AgentMisconfigured
from bot.models import (
    AgentRun,
    AgentSpec,
    AgentStatus,
    Diff,
    FailureKind,
    FileDiff,
    FileStatus,
    Finished,
    Hunk,
    RunConfig,
    RunError,
    Started,
    Workspace,
)
from bot.sandbox.fence import Access
from tests.fakes.agents import FakeClock, PlayedChild, PlayedSandbox

KINDS = kinds()
COMMON = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL"}
REVIEW = {
    "ENTIRE_REVIEW_SESSION",
    "ENTIRE_REVIEW_AGENT",
    "ENTIRE_REVIEW_SKILLS",
    "ENTIRE_REVIEW_PROMPT",
    "ENTIRE_REVIEW_STARTING_SHA",
}
CONTRACT = {"HARNESS_BASE_SHA", "HARNESS_HEAD_SHA", "HARNESS_DIFF", "GIT_DIR"}
FILES = ("a.py", ".github/workflows/ci.yml")


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> AgentKind:
    found = request.param
    assert isinstance(found, AgentKind)
    return found


def spec(kind: AgentKind) -> AgentSpec:
    return AgentSpec(name=f"my-{kind.name}", kind=kind.name, argv=("/bin/true",))


def config(tmp_path: Path) -> RunConfig:
    tree = tmp_path / "tree"
    for name in FILES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x")
    hunk = Hunk(old_start=0, old_lines=0, new_start=1, new_lines=1, lines=("+x",))
    return RunConfig(
        prompt="Review.",
        starting_sha="f" * 40,
        base_sha="0" * 40,
        workspace=Workspace(
            tree=tree, git_dir=tmp_path / "mirror.git", diff_file=tmp_path / "change.diff"
        ),
        diff=Diff(
            base_sha="0" * 40,
            head_sha="f" * 40,
            files=tuple(
                FileDiff(
                    path=name,
                    old_path=name,
                    status=FileStatus.ADDED,
                    new_mode="100644",
                    hunks=(hunk,),
                )
                for name in FILES
            ),
        ),
    )


async def ran(kind: AgentKind, sandbox: PlayedSandbox, tmp_path: Path, sink: Collect) -> AgentRun:
    asked = spec(kind)
    reviewer = build(asked, sandbox, KINDS)
    return await run_agent(
        asked.name, reviewer, config(tmp_path), [sink], timeout=20, clock=FakeClock()
    )


def test_it_says_what_it_is(kind: AgentKind) -> None:
    assert KINDS[kind.name] is kind
    assert 10 < len(kind.summary) <= 100
    assert "\n" not in kind.summary


@pytest.mark.parametrize("name", ["command", "ruff", "bandit", "zizmor"])
def test_the_built_in_kinds_are_one_file_each(name: str) -> None:
    module = importlib.import_module(f"bot.agents.adapters.{name}")

    assert KINDS[name] is module.AGENT
    assert KINDS[name].analyzer is (name != "command")


def test_nothing_is_touched_before_it_starts(kind: AgentKind) -> None:
    class Untouchable(PlayedSandbox):
        @override
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"its sandbox was asked for {name}")

    asked = AgentSpec(
        name="mine", kind=kind.name, argv=("/nonexistent",), api_key_file="/nonexistent/key"
    )

    assert kind.build(asked, Untouchable()).name == "mine"


async def test_without_a_tree_it_is_misconfigured(kind: AgentKind) -> None:
    sandbox = PlayedSandbox()

    with pytest.raises(AgentMisconfigured):
        await build(spec(kind), sandbox, KINDS).start(RunConfig())

    assert sandbox.started == []


async def test_its_process_gets_the_environment_of_the_contract_and_nothing_else(
    kind: AgentKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_WEBHOOK_SECRET", "canary")
    monkeypatch.setenv("ENTIRE_REVIEW_AGENT", "canary")
    monkeypatch.setenv("PYTHONPATH", "/canary")
    sandbox = PlayedSandbox(PlayedChild(), PlayedChild())

    await ran(kind, sandbox, tmp_path, Collect())

    given = config(tmp_path).workspace
    assert given is not None
    command, fence, trusted = sandbox.started[0]
    expected = COMMON | REVIEW | (set() if kind.analyzer else CONTRACT)
    assert set(command.env) == expected
    assert command.env["ENTIRE_REVIEW_AGENT"] == f"my-{kind.name}"
    assert not any("canary" in value for value in command.env.values())
    assert command.cwd == fence.tree == given.tree
    assert (fence.access, fence.uplink) == (Access.READ, None)
    assert trusted is kind.analyzer
    assert Path(command.argv[0]).is_absolute()


async def test_started_comes_first_and_the_end_last(kind: AgentKind, tmp_path: Path) -> None:
    sink = Collect()

    await ran(kind, PlayedSandbox(PlayedChild(), PlayedChild()), tmp_path, sink)

    events = sink.of(f"my-{kind.name}")
    assert events[0] == Started()
    assert isinstance(events[-1], Finished | RunError)
    assert sum(isinstance(event, Started) for event in events) == 1
    assert sum(isinstance(event, Finished) for event in events) == 1


async def test_a_crash_is_a_failed_agent_with_a_reason(kind: AgentKind, tmp_path: Path) -> None:
    crash = PlayedChild([b"half an ans"], code=2, stderr="Traceback\nboom\n")

    run = await ran(kind, PlayedSandbox(crash), tmp_path, Collect())

    assert run.status is AgentStatus.FAILED
    assert run.error is not None
    assert run.error.kind is FailureKind.CRASHED
    assert run.error.message == "exited with status 2: boom"


async def test_a_missing_program_is_told_as_such(
    kind: AgentKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.agents.programs.os.access", lambda *_args: False)
    sandbox = PlayedSandbox()

    run = await ran(kind, sandbox, tmp_path, Collect())

    assert run.status is AgentStatus.FAILED
    assert run.error is not None
    assert run.error.kind is FailureKind.NOT_FOUND
    assert sandbox.started == []
