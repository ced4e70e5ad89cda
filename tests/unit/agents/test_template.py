"""The life of an agent's process, with a process that is only played."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.agents.lines import read_text
from bot.agents.reviewer import (
    AgentKind,
    AgentProcess,
    ExitStatus,
    Launcher,
    ProcessError,
    build,
)
from bot.agents.static import MAX_FINDINGS, AnalyzerReviewer, Report, Target, Tool
from bot.agents.template import Launch, ReviewerTemplate, describe
from bot.errors import AgentFailed, AgentMisconfigured
from bot.models import (
    AgentSpec,
    AssistantText,
    Diff,
    Event,
    FailureKind,
    FileDiff,
    FileStatus,
    Finding,
    Finished,
    Hunk,
    RunConfig,
    RunError,
    Severity,
    Started,
    Workspace,
)
from bot.process import Command
from bot.sandbox.fence import Fence
from bot.sandbox.uplink import Dialect, ModelApi
from tests.fakes.agents import PlayedChild, PlayedSandbox

SPEC = AgentSpec(name="mine", kind="command")


async def parse(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    yield Started()
    async for text in read_text(chunks):
        yield AssistantText(text=text)
    yield Finished(success=True)


def builder(tmp_path: Path) -> Launch:
    return Launch(command=Command(argv=("/bin/true",)), fence=Fence(tree=tmp_path))


def template(sandbox: PlayedSandbox, launch: Launch | None) -> ReviewerTemplate:
    return ReviewerTemplate(
        agent_name="mine",
        spec=SPEC,
        sandbox=sandbox,
        build_command=lambda _spec, _config, *, fenced: launch,
        parse=parse,
    )


async def heard(process: AgentProcess) -> list[Event]:
    return [event async for event in process.events()]


async def test_output_becomes_events_and_the_exit_is_told_once(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild([b"a\xc3", b"\xa4"]))

    process = await template(sandbox, builder(tmp_path)).start(RunConfig())

    assert await heard(process) == [
        Started(),
        AssistantText(text="a"),
        AssistantText(text="\u00e4"),
        Finished(success=True),
    ]
    assert process.activity == 2
    await process.wait()
    with pytest.raises(ProcessError, match="twice"):
        await process.wait()


async def test_its_calls_of_a_model_are_signs_of_life_too(tmp_path: Path) -> None:
    api = ModelApi(dialect=Dialect.OPENAI, base_url="http://127.0.0.1:9", token="t")
    launch = Launch(command=Command(argv=("/bin/true",)), fence=Fence(tree=tmp_path, uplink=api))
    process = await template(PlayedSandbox(PlayedChild([])), launch).start(RunConfig())
    assert process.activity == 0
    api.pulse.beat()
    assert process.activity == 1


@pytest.mark.parametrize("missing", ["agent_name", "build_command", "parse", "command"])
async def test_whatever_is_missing_is_a_misconfigured_agent(missing: str, tmp_path: Path) -> None:
    sandbox = PlayedSandbox()
    reviewer = ReviewerTemplate(
        agent_name="" if missing == "agent_name" else "mine",
        spec=SPEC,
        sandbox=sandbox,
        build_command=None
        if missing == "build_command"
        else lambda _spec, _config, *, fenced: None if missing == "command" else builder(tmp_path),
        parse=None if missing == "parse" else parse,
    )

    with pytest.raises(AgentMisconfigured):
        await reviewer.start(RunConfig())

    assert sandbox.started == []


async def test_a_refusal_of_the_sandbox_is_the_agents_failure(tmp_path: Path) -> None:
    refusal = AgentFailed("no sandbox works here", FailureKind.SANDBOX)

    with pytest.raises(AgentFailed) as caught:
        await template(PlayedSandbox(refusal), builder(tmp_path)).start(RunConfig())

    assert caught.value is refusal


async def test_an_exit_status_is_an_error_with_its_cause_and_stderr(tmp_path: Path) -> None:
    child = PlayedChild(code=3, stderr="first\n\n  KeyError: 'x'  \n")
    process = await template(PlayedSandbox(child), builder(tmp_path)).start(RunConfig())
    await heard(process)

    with pytest.raises(ProcessError) as caught:
        await process.wait()

    error = caught.value
    assert error.message == "exited with status 3: KeyError: 'x'"
    assert (error.kind, error.agent, error.stderr) == ("crashed", "mine", child.stderr)
    assert isinstance(error.__cause__, ExitStatus)
    assert error.__cause__.returncode == 3
    again = type(error)(*error.args)
    assert (again.message, again.kind, again.agent, again.stderr) == (
        error.message,
        error.kind,
        error.agent,
        error.stderr,
    )


async def test_silence_on_stderr_leaves_the_status(tmp_path: Path) -> None:
    process = await template(PlayedSandbox(PlayedChild(code=-9)), builder(tmp_path)).start(
        RunConfig()
    )

    with pytest.raises(ProcessError) as caught:
        await process.wait()

    assert caught.value.message == "was ended by SIGKILL"


def test_statuses_in_words() -> None:
    assert describe(2) == "exited with status 2"
    assert describe(-15) == "was ended by SIGTERM"
    assert describe(-200) == "was ended by signal 200"


def test_an_unknown_kind_is_a_misconfigured_agent() -> None:
    def make(spec: AgentSpec, sandbox: Launcher) -> ReviewerTemplate:
        return ReviewerTemplate(agent_name=spec.name, spec=spec, sandbox=sandbox)

    known = {"mine": AgentKind(name="mine", summary="x", analyzer=False, build=make)}

    assert build(AgentSpec(name="n", kind="mine"), PlayedSandbox(), known).name == "n"
    with pytest.raises(AgentMisconfigured, match="there is no kind 'other'"):
        build(AgentSpec(name="n", kind="other"), PlayedSandbox(), known)


# ------------------------------------------------------------------------------- analyzers


def finding(line: int) -> Finding:
    return Finding(
        agent="lint", severity=Severity.MINOR, file="a.py", line=line, description=f"at {line}"
    )


def lint(data: bytes, target: Target) -> Report:
    """Its output is one line number for each finding."""
    return Report(
        findings=tuple(finding(int(word)) for word in data.split()),
        warnings=("odd",) if b"7" in data.split() else (),
    )


TOOL = Tool(program="true", arguments=("-q",), matches=lambda path: path.endswith(".py"), read=lint)
ALONE = Tool(
    program="true",
    arguments=(),
    matches=lambda path: True,
    read=lint,
    alone=True,
    utf8_names=True,
    harmless={3: "it is no workflow"},
)


def config(tmp_path: Path, *paths: str) -> RunConfig:
    hunk = Hunk(old_start=1, old_lines=0, new_start=1, new_lines=2, lines=("+x", "+y"))
    for path in paths:
        (tmp_path / path).write_text("x")
    return RunConfig(
        workspace=Workspace(tree=tmp_path, git_dir=tmp_path, diff_file=tmp_path / "d"),
        diff=Diff(
            base_sha="b",
            head_sha="h",
            files=tuple(
                FileDiff(
                    path=path,
                    old_path=path,
                    status=FileStatus.MODIFIED,
                    new_mode="100644",
                    hunks=(hunk,),
                )
                for path in paths
            ),
        ),
    )


def said(events: Sequence[Event]) -> dict[str, object]:
    (text,) = [event.text for event in events if isinstance(event, AssistantText)]
    answer: dict[str, object] = json.loads(text)
    return answer


async def test_an_analyzer_answers_in_the_contracts_json(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild([b"1 ", b"7"]))
    reviewer = AnalyzerReviewer(AgentSpec(name="lint", kind="ruff"), TOOL, sandbox)

    process = await reviewer.start(config(tmp_path, "a.py", "b.md"))
    events = await heard(process)
    await process.wait()

    assert events[0] == Started()
    assert events[1] == RunError(message="odd", kind=FailureKind.UNREADABLE, warning=True)
    assert events[-1] == Finished(success=True)
    assert said(events) == {
        "summary": "true looked at 1 file.",
        "issues": [
            {"severity": "minor", "file": "a.py", "line": n, "description": f"at {n}"}
            for n in (1, 7)
        ],
    }
    ((command, fence, trusted),) = sandbox.started
    assert command.argv[1:] == ("-q", "--", "./a.py")
    assert (command.cwd, fence.tree, fence.git_dir, trusted) == (tmp_path, tmp_path, None, True)
    assert not {"GIT_DIR", "HARNESS_DIFF", "HARNESS_API_KEY"} & set(command.env)


async def test_no_file_for_it_is_an_empty_answer_without_a_process(tmp_path: Path) -> None:
    sandbox = PlayedSandbox()
    reviewer = AnalyzerReviewer(SPEC, TOOL, sandbox)

    process = await reviewer.start(config(tmp_path, "b.md"))
    events = await heard(process)
    await process.wait()
    await process.kill()

    assert said(events) == {
        "summary": "No file of the change is one for true.",
        "issues": [],
    }
    assert events[-1] == Finished(success=True)
    assert sandbox.started == []


async def test_an_analyzer_without_a_diff_is_misconfigured() -> None:
    with pytest.raises(AgentMisconfigured):
        await AnalyzerReviewer(SPEC, TOOL, PlayedSandbox()).start(RunConfig())


async def test_many_files_take_several_command_lines_and_give_one_answer(tmp_path: Path) -> None:
    names = [f"{'x' * 200}{number}.py" for number in range(600)]
    sandbox = PlayedSandbox(PlayedChild([b"1"]), PlayedChild([b"2"]))
    reviewer = AnalyzerReviewer(SPEC, TOOL, sandbox)

    process = await reviewer.start(config(tmp_path, *names))
    events = await heard(process)
    await process.wait()

    assert len(sandbox.started) == 2
    given = [word for command, _f, _t in sandbox.started for word in command.argv[3:]]
    assert given == [f"./{name}" for name in names]
    issues = said(events)["issues"]
    assert isinstance(issues, list)
    assert [issue["line"] for issue in issues] == [1, 2]
    assert [type(event) for event in events] == [Started, AssistantText, Finished]
    assert process.activity > 1


async def test_what_cannot_be_read_fails_and_keeps_what_was_read(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild([b"1"]), PlayedChild([b"garbage"]), PlayedChild([b"3"]))
    reviewer = AnalyzerReviewer(SPEC, ALONE, sandbox)

    process = await reviewer.start(config(tmp_path, "a", "b", "c"))
    events = await heard(process)

    issues = said(events)["issues"]
    assert isinstance(issues, list)
    assert [issue["line"] for issue in issues] == [1]
    assert events[-1] == Finished(success=False)
    assert len(sandbox.started) == 2
    with pytest.raises(AgentFailed) as caught:
        await process.wait()
    assert caught.value.kind == FailureKind.UNREADABLE


async def test_the_exit_status_counts_before_the_output(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild([b"1"], code=2, stderr="panic"))

    process = await AnalyzerReviewer(SPEC, TOOL, sandbox).start(config(tmp_path, "a.py"))
    events = await heard(process)

    assert said(events)["issues"] == []
    with pytest.raises(ProcessError, match="exited with status 2: panic"):
        await process.wait()


async def test_a_harmless_status_costs_only_its_file(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild(code=3), PlayedChild([b"1"]))

    process = await AnalyzerReviewer(SPEC, ALONE, sandbox).start(config(tmp_path, "a", "b"))
    events = await heard(process)
    await process.wait()

    assert events[1] == RunError(
        message="'a': it is no workflow", kind=FailureKind.UNREADABLE, warning=True
    )
    assert events[-1] == Finished(success=True)


async def test_names_that_a_tool_refuses_are_left_out_and_told(tmp_path: Path) -> None:
    sandbox = PlayedSandbox(PlayedChild([b"1"]))

    process = await AnalyzerReviewer(SPEC, ALONE, sandbox).start(config(tmp_path, "a", "b\udcff"))
    events = await heard(process)

    assert isinstance(events[1], RunError)
    assert "its name is no UTF-8" in events[1].message
    assert len(sandbox.started) == 1


async def test_of_too_many_findings_those_on_touched_lines_are_kept(tmp_path: Path) -> None:
    untouched = " ".join(str(line) for line in range(3, MAX_FINDINGS + 50))
    sandbox = PlayedSandbox(PlayedChild([f"{untouched} 1 2".encode()]))

    process = await AnalyzerReviewer(SPEC, TOOL, sandbox).start(config(tmp_path, "a.py"))
    answer = said(await heard(process))

    issues = answer["issues"]
    assert isinstance(issues, list)
    assert len(issues) == MAX_FINDINGS
    assert [issue["line"] for issue in issues[:2]] == [1, 2]
    assert f"Its first {MAX_FINDINGS} of {MAX_FINDINGS + 49} findings" in str(answer["summary"])


async def test_a_missing_program_is_told_by_the_start(tmp_path: Path) -> None:
    tool = Tool(program="no-such-linter", arguments=(), matches=lambda path: True, read=lint)

    with pytest.raises(AgentFailed) as caught:
        await AnalyzerReviewer(SPEC, tool, PlayedSandbox()).start(config(tmp_path, "a"))

    assert caught.value.kind == FailureKind.NOT_FOUND


async def test_killing_ends_the_process_that_runs(tmp_path: Path) -> None:
    child = PlayedChild([b"1"])
    process = await AnalyzerReviewer(SPEC, TOOL, PlayedSandbox(child)).start(
        config(tmp_path, "a.py")
    )

    await process.kill()

    assert child.kills == 1
