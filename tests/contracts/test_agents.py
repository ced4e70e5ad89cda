"""What every kind of agent promises, whoever adds it: checked for all that the registry finds."""

import importlib
from dataclasses import replace
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
    Role,
    RunConfig,
    RunError,
    Started,
    Workspace,
)
from bot.sandbox.fence import Access
from bot.sandbox.uplink import ModelApi
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
VENDORS = {
    "claude-code": {
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "CLAUDE_CODE_DISABLE_ATTACHMENTS",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "CLAUDE_CODE_MAX_RETRIES",
        "DISABLE_AUTOUPDATER",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_TELEMETRY",
    },
    "codex": {"OPENAI_API_KEY"},
    "gemini": {
        "GEMINI_API_KEY",
        "GEMINI_CLI_NO_RELAUNCH",
        "GEMINI_SYSTEM_MD",
        "GOOGLE_GEMINI_BASE_URL",
        "NO_COLOR",
        "TERM",
    },
    "opencode": {
        "OPENCODE_DISABLE_AUTOUPDATE",
        "OPENCODE_DISABLE_CLAUDE_CODE",
        "OPENCODE_DISABLE_DEFAULT_PLUGINS",
        "OPENCODE_DISABLE_EXTERNAL_SKILLS",
        "OPENCODE_DISABLE_LSP_DOWNLOAD",
        "OPENCODE_DISABLE_MODELS_FETCH",
        "OPENCODE_DISABLE_PROJECT_CONFIG",
    },
}
"""What the vendors' programs are told beside the contract; nothing for any other kind."""
KEY = "sk-canary-0123456789"
FILES = ("a.py", ".github/workflows/ci.yml")


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> AgentKind:
    found = request.param
    assert isinstance(found, AgentKind)
    return found


@pytest.fixture(params=[k for k in KINDS.values() if not k.analyzer], ids=lambda k: k.name)
def agent(request: pytest.FixtureRequest) -> AgentKind:
    """Those that are told something, not only shown files."""
    found = request.param
    assert isinstance(found, AgentKind)
    return found


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)


def spec(kind: AgentKind) -> AgentSpec:
    return AgentSpec(
        name=f"my-{kind.name}",
        kind=kind.name,
        argv=("/bin/true",),
        api_key_env="MY_KEY" if kind.costs else "",
        model="small" if kind.costs else "",
        base_url="https://models.example/v1" if kind.costs else "",
    )


def config(tmp_path: Path) -> RunConfig:
    tree = tmp_path / "tree"
    for name in FILES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x")
    hunk = Hunk(old_start=0, old_lines=0, new_start=1, new_lines=1, lines=("+x",))
    return RunConfig(
        prompt="Review.",
        guard="Beware.",
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


@pytest.mark.parametrize(
    "name", ["command", "ruff", "bandit", "zizmor", "claude-code", "codex", "gemini", "opencode"]
)
def test_the_built_in_kinds_are_one_file_each(name: str) -> None:
    module = importlib.import_module(f"bot.agents.adapters.{name.replace('-', '_')}")

    assert KINDS[name] is module.AGENT
    assert KINDS[name].analyzer is (name in ("ruff", "bandit", "zizmor"))
    assert KINDS[name].costs is (name in VENDORS)


def test_what_costs_money_says_which_program_and_which_version_it_is(kind: AgentKind) -> None:
    assert bool(kind.program and kind.pinned) is kind.costs
    assert not kind.costs or kind.idle_timeout


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
    assert set(command.env) == expected | VENDORS.get(kind.name, set())
    assert command.env["ENTIRE_REVIEW_AGENT"] == f"my-{kind.name}"
    assert not any("canary" in value for value in command.env.values())
    assert command.cwd == fence.tree == given.tree
    assert fence.access is Access.READ
    assert isinstance(fence.uplink, ModelApi) is kind.costs
    assert kind.costs or fence.uplink is None
    assert trusted is kind.analyzer
    assert Path(command.argv[0]).is_absolute()


async def test_the_key_stays_on_our_side_of_the_fence(kind: AgentKind, tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild(), PlayedChild())

    await ran(kind, sandbox, tmp_path, Collect())

    command, fence, _trusted = sandbox.started[0]
    given = [*command.argv, *command.env.values(), *fence.home_files]
    assert not any(KEY in word for word in given)
    assert not any(KEY.encode() in data for data in (command.stdin, *fence.home_files.values()))
    if kind.costs:
        assert isinstance(fence.uplink, ModelApi)
        assert fence.uplink.key == KEY
        assert fence.uplink.base_url == "https://models.example/v1"
        assert KEY not in repr(fence)
        held = [*command.env.values(), *(data.decode() for data in fence.home_files.values())]
        assert any(fence.uplink.token in value for value in held)


@pytest.mark.parametrize("role", list(Role))
async def test_it_plays_the_roles_it_declares_and_refuses_the_others(
    agent: AgentKind, role: Role, tmp_path: Path
) -> None:
    sandbox = PlayedSandbox(PlayedChild())
    reviewer = build(spec(agent), sandbox, KINDS)
    told = replace(config(tmp_path), role=role)

    if role not in agent.roles:
        with pytest.raises(AgentMisconfigured, match=f"cannot be a {role}"):
            await reviewer.start(told)
        assert sandbox.started == []
        return
    await reviewer.start(told)
    ((_command, fence, _trusted),) = sandbox.started
    assert fence.access is (Access.WRITE if role is Role.DEVELOPER else Access.READ)


def test_analyzers_review_and_nothing_else() -> None:
    roles = [kind.roles for kind in KINDS.values() if kind.analyzer]

    assert roles == [{Role.REVIEWER}] * len(roles)


async def test_the_guard_reaches_it_apart_from_the_prompt(agent: AgentKind, tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild(), PlayedChild())

    await ran(agent, sandbox, tmp_path, Collect())

    command, fence, _trusted = sandbox.started[0]
    system = [*command.argv, *(data.decode() for data in fence.home_files.values())]
    told = any("Beware." in text for text in system)
    assert command.stdin == (b"Review." if told else b"Beware.\n\nReview.")
    assert told is agent.costs


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
