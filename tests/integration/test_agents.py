"""Real programs through the real sandbox: what people's own reviewers and the analyzers do."""

import asyncio
import json
import os
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agents.analyzer import touched
from bot.agents.fanout import run_agent, run_agents
from bot.agents.reviewer import build, kinds
from bot.agents.sinks import Collect
from bot.clock import SystemClock
from bot.findings.parse import Answer, parse_answer
from bot.models import (
    AgentRun,
    AgentSpec,
    AgentStatus,
    Diff,
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
from bot.sandbox.sandbox import Sandbox

KINDS = kinds()
ANSWER = '{"summary": "s", "issues": [{"severity": "minor", "file": "a.py", "description": "d"}]}'


def shell(script: str) -> AgentSpec:
    return AgentSpec(name="mine", kind="command", argv=("/bin/sh", "-c", script))


def workspace(tmp_path: Path) -> Workspace:
    tree, mirror, diff = tmp_path / "tree", tmp_path / "mirror.git", tmp_path / "change.diff"
    tree.mkdir(exist_ok=True)
    mirror.mkdir(exist_ok=True)
    (mirror / "HEAD").write_text("ref: refs/heads/main\n")
    diff.write_text("diff --git a/a.py b/a.py\n")
    return Workspace(tree=tree, git_dir=mirror, diff_file=diff)


def review(tmp_path: Path, files: dict[str, str] | None = None, **more: str) -> RunConfig:
    """A change that adds every line of ``files``; everything else in the tree was there."""
    given = workspace(tmp_path)
    changed = []
    for name, text in (files or {}).items():
        path = given.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        lines = tuple(f"+{line}" for line in text.splitlines())
        hunk = Hunk(old_start=0, old_lines=0, new_start=1, new_lines=len(lines), lines=lines)
        changed.append(
            FileDiff(
                path=name,
                old_path=name,
                status=FileStatus.ADDED,
                new_mode="100644",
                hunks=(hunk,),
            )
        )
    return RunConfig(
        prompt=more.get("prompt", "Review this: \u00e4\n"),
        base_sha="0" * 40,
        starting_sha="f" * 40,
        workspace=given,
        diff=Diff(base_sha="0" * 40, head_sha="f" * 40, files=tuple(changed)),
    )


async def run(
    spec: AgentSpec,
    config: RunConfig,
    *,
    sinks: Sequence[Collect] = (),
    timeout: float = 30.0,  # noqa: ASYNC109  # handed on as it is
    idle: float | None = None,
) -> AgentRun:
    reviewer = build(spec, Sandbox(), KINDS)
    return await run_agent(
        spec.name,
        reviewer,
        config,
        sinks,
        timeout=timeout,
        idle_timeout=idle,
        clock=SystemClock(),
    )


def answered(run: AgentRun) -> Answer:
    return parse_answer(run.answer, agent=run.name)


# ------------------------------------------------------------------------------ your own reviewer


async def test_a_command_reads_the_prompt_and_the_tree_and_answers(tmp_path: Path) -> None:
    config = review(tmp_path, {"a.py": "x = 1\n"})
    sink = Collect()

    told = await run(
        shell(f'echo I saw:; cat; ls; cat "$HARNESS_DIFF" "$GIT_DIR/HEAD"; echo \'{ANSWER}\''),
        config,
        sinks=[sink],
    )

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert told.answer == (
        "I saw:\nReview this: \u00e4\na.py\ndiff --git a/a.py b/a.py\n"
        f"ref: refs/heads/main\n{ANSWER}\n"
    )
    assert [finding.file for finding in answered(told).findings] == ["a.py"]
    assert sink.of("mine")[0] == Started()
    assert sink.of("mine")[-1] == Finished(success=True)


async def test_a_command_gets_the_environment_of_the_contract_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_PRIVATE_KEY", "canary")
    monkeypatch.setenv("MY_MODEL_KEY", "the-key")
    spec = AgentSpec(
        name="mine", kind="command", argv=("/usr/bin/env", "-0"), api_key_env="MY_MODEL_KEY"
    )

    told = await run(spec, review(tmp_path))

    env = dict(entry.split("=", 1) for entry in told.answer.split("\0") if entry)
    assert env.pop("HARNESS_BASE_SHA") == "0" * 40
    assert env.pop("HARNESS_HEAD_SHA") == "f" * 40
    assert env.pop("MY_MODEL_KEY") == "the-key"
    assert env.pop("ENTIRE_REVIEW_PROMPT") == "Review this: \u00e4\n"
    assert set(env) - {"PWD"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "LC_ALL",
        "HARNESS_DIFF",
        "GIT_DIR",
        "ENTIRE_REVIEW_SESSION",
        "ENTIRE_REVIEW_AGENT",
        "ENTIRE_REVIEW_SKILLS",
        "ENTIRE_REVIEW_STARTING_SHA",
    }


async def test_a_script_that_the_command_line_names_is_found(tmp_path: Path) -> None:
    script = tmp_path / "opt" / "review.sh"
    script.parent.mkdir()
    script.write_text(f"echo '{ANSWER}'\n")
    script.chmod(0o755)

    told = await run(
        AgentSpec(name="mine", kind="command", argv=("/bin/sh", str(script))), review(tmp_path)
    )

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert answered(told).readable


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("exit 3", FailureKind.CRASHED, "exited with status 3"),
        (f"echo '{ANSWER}'; echo no luck >&2; exit 1", FailureKind.CRASHED, "no luck"),
        ("kill -9 $$", FailureKind.CRASHED, ""),
    ],
)
async def test_a_command_that_fails_says_why(
    script: str, kind: FailureKind, words: str, tmp_path: Path
) -> None:
    told = await run(shell(script), review(tmp_path))

    assert told.status is AgentStatus.FAILED
    assert told.error is not None
    assert told.error.kind is kind
    assert words in told.error.message


async def test_a_failing_command_keeps_its_readable_findings(tmp_path: Path) -> None:
    told = await run(shell(f"echo '{ANSWER}'; exit 1"), review(tmp_path))

    assert told.status is AgentStatus.FAILED
    assert len(answered(told).findings) == 1


@pytest.mark.parametrize("script", ["true", "head -c 5000 /dev/urandom", "echo not json"])
async def test_nothing_and_garbage_are_not_readable(script: str, tmp_path: Path) -> None:
    told = await run(shell(script), review(tmp_path))

    assert told.status is AgentStatus.SUCCEEDED, "its exit status was 0"
    assert not answered(told).readable


async def test_32_megabytes_are_read_to_the_end_in_little_memory(tmp_path: Path) -> None:
    spec = shell(f"head -c 33554432 /dev/zero | tr '\\0' 'x'; echo; echo '{ANSWER}'")
    tracemalloc.start()
    try:
        told = await run(spec, review(tmp_path))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert told.status is AgentStatus.SUCCEEDED
    assert len(answered(told).findings) == 1
    assert len(told.answer) == 4 * 1024 * 1024
    assert told.elided > 0
    assert any("left out" in warning for warning in told.warnings)
    assert peak < 40 * 1024 * 1024


async def test_10_megabytes_of_standard_error_keep_head_and_tail(tmp_path: Path) -> None:
    sink = Collect()

    told = await run(
        shell("echo first >&2; head -c 10485760 /dev/zero | tr '\\0' x >&2; echo last >&2; exit 1"),
        review(tmp_path),
        sinks=[sink],
    )

    error = sink.of("mine")[-1]
    assert told.status is AgentStatus.FAILED
    assert isinstance(error, RunError)
    assert "first" in error.message
    assert error.message.endswith("last")
    assert len(error.message) < 10_000


async def test_a_command_that_never_ends_is_ended(tmp_path: Path) -> None:
    told = await run(shell("echo so far; sleep 600"), review(tmp_path), timeout=1.0)

    assert told.error is not None
    assert told.error.kind is FailureKind.TIMEOUT
    assert told.answer == "so far\n"
    assert told.duration < 10


async def test_a_command_that_writes_for_ever_is_ended(tmp_path: Path) -> None:
    told = await run(shell("yes"), review(tmp_path), timeout=1.0)

    assert told.error is not None
    assert told.error.kind is FailureKind.TIMEOUT
    assert len(told.answer) <= 4 * 1024 * 1024


async def test_a_silent_command_is_ended_where_silence_is_limited(tmp_path: Path) -> None:
    told = await run(shell("echo hello; sleep 600"), review(tmp_path), idle=0.5)

    assert told.error is not None
    assert told.error.kind is FailureKind.IDLE
    assert told.duration < 10


async def test_a_command_that_ignores_being_asked_is_killed(tmp_path: Path) -> None:
    told = await run(
        shell("trap '' TERM; while :; do sleep 1; done"), review(tmp_path), timeout=0.5
    )

    assert told.error is not None
    assert told.error.kind is FailureKind.TIMEOUT
    assert told.duration < 15


async def test_a_grandchild_that_holds_the_pipe_holds_up_nothing(tmp_path: Path) -> None:
    told = await run(shell(f"sleep 600 & echo '{ANSWER}'"), review(tmp_path))

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert answered(told).readable
    assert told.duration < 15


async def test_a_missing_program_is_told_as_such(tmp_path: Path) -> None:
    for argv in (("no-such-reviewer",), ("/nonexistent/reviewer",)):
        told = await run(AgentSpec(name="mine", kind="command", argv=argv), review(tmp_path))

        assert told.error is not None
        assert told.error.kind is FailureKind.NOT_FOUND
        assert argv[0] in told.error.message


async def test_a_prompt_of_megabytes_reaches_the_program(tmp_path: Path) -> None:
    config = review(tmp_path, prompt="x" * 3_000_000)

    told = await run(shell("wc -c"), config)

    assert told.answer.strip() == "3000000"


def running(mark: str) -> list[int]:
    """Processes whose command line holds ``mark``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in words and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("early", [0.0, 0.005, 0.01, 0.02, 0.05, 1.0])
async def test_cancelling_leaves_no_process_behind(early: float, tmp_path: Path) -> None:
    mark = f"{os.getpid()}{int(early * 1000)}"
    spec = shell(f"sleep 6{mark} & sleep 6{mark}; echo never")
    sink = Collect()
    sandbox = Sandbox()
    await sandbox.probe()
    agents = {name: build(replace(spec, name=name), sandbox, KINDS) for name in "ab"}
    task = asyncio.create_task(
        run_agents(
            agents,
            dict.fromkeys(agents, review(tmp_path)),
            [sink],
            timeouts=dict.fromkeys(agents, 60.0),
            clock=SystemClock(),
        )
    )
    # However far their start has come: also before a sandbox stands.
    await asyncio.sleep(early)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert running(f"sleep 6{mark}") == []
    (summary,) = sink.summaries
    assert [told.status for told in summary.agent_runs] == [AgentStatus.CANCELLED] * 2


# -------------------------------------------------------------------------------- the analyzers

PYTHON = """\
import os
import subprocess


def run(command, seen=[]):  # noqa
    seen.append(command)
    if command is "rm":  # noqa: F632
        print(missing)  # type: ignore
    return subprocess.call(command, shell=True)  # nosec  # noqa: S602
"""

WORKFLOW = """\
on: pull_request_target
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.pull_request.title }}"  # zizmor: ignore[template-injection]
"""

HOSTILE = {
    "pyproject.toml": '[tool.ruff]\nextend-exclude = ["*.py"]\n[tool.ruff.lint]\nignore = ["ALL"]\n'
    '[tool.bandit]\nexclude_dirs = ["."]\nskips = ["B602"]\n',
    ".ruff.toml": 'extend-exclude = ["*.py"]\n',
    "ruff.toml": "[lint]\nignore = ['ALL']\n",
    "setup.cfg": "[bandit]\nskips = B602\n",
    "tox.ini": "[bandit]\nexclude = .\n",
    ".bandit": "[bandit]\nskips: B602\nexclude: /\n",
    "bandit.yaml": "skips: [B602]\n",
    ".gitignore": "*\n",
    ".github/zizmor.yml": "rules:\n  template-injection:\n    disable: true\n",
    "zizmor.yml": "rules:\n  dangerous-triggers:\n    disable: true\n",
    "ruff.py": "raise SystemExit('the tree was imported')\n",
    "bandit/__init__.py": "raise SystemExit('the tree was imported')\n",
    "json.py": "raise SystemExit('the tree was imported')\n",
    "sitecustomize.py": "raise SystemExit('the tree was imported')\n",
}

PYTHON_RULES = {"ruff": {"F401", "B006", "F632", "F821", "S602"}, "bandit": {"B602"}}


async def analyzed(kind: str, config: RunConfig) -> tuple[AgentRun, tuple[Finding, ...]]:
    told = await run(AgentSpec(name=kind, kind=kind), config)
    assert config.diff is not None
    paths = [file.path for file in config.diff.files]
    answer = parse_answer(told.answer, agent=kind, paths=paths)
    assert answer.readable
    return told, answer.findings


def hostile(tmp_path: Path) -> None:
    tree = workspace(tmp_path).tree
    for name, text in HOSTILE.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)


@pytest.mark.parametrize("kind", ["ruff", "bandit"])
@pytest.mark.parametrize("suppressed", [False, True], ids=["plain", "hostile"])
async def test_python_analyzers_find_the_same_whatever_the_tree_says(
    kind: str, suppressed: bool, tmp_path: Path
) -> None:
    config = review(tmp_path, {"src/app.py": PYTHON})
    if suppressed:
        hostile(tmp_path)

    told, findings = await analyzed(kind, config)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert {finding.rule for finding in findings} == PYTHON_RULES[kind]
    assert {finding.file for finding in findings} == {"src/app.py"}
    by_rule = {finding.rule: finding for finding in findings}
    shell_rule = "S602" if kind == "ruff" else "B602"
    assert by_rule[shell_rule].line == 9
    assert by_rule[shell_rule].severity in (Severity.CRITICAL, Severity.MAJOR)
    assert by_rule[shell_rule].category == "security"


@pytest.mark.parametrize("suppressed", [False, True], ids=["plain", "hostile"])
async def test_zizmor_finds_the_same_whatever_the_tree_says(
    suppressed: bool, tmp_path: Path
) -> None:
    config = review(tmp_path, {".github/workflows/greet.yml": WORKFLOW})
    if suppressed:
        hostile(tmp_path)

    told, findings = await analyzed("zizmor", config)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert {"template-injection", "dangerous-triggers"} <= {f.rule for f in findings}
    assert {finding.file for finding in findings} == {".github/workflows/greet.yml"}
    injection = next(f for f in findings if f.rule == "template-injection")
    assert (injection.severity, injection.line) == (Severity.CRITICAL, 6)


async def test_suppressions_of_whole_files_and_ranges_change_nothing(tmp_path: Path) -> None:
    text = (
        "# ruff: noqa\n# flake8: noqa\n# ruff: disable[S307]\n"
        "eval(input())  # ruff: ignore[S307]\n# ruff: enable[S307]\n"
    )

    _told, findings = await analyzed("ruff", review(tmp_path, {"a.py": text}))

    assert [(finding.rule, finding.line) for finding in findings] == [("S307", 4)]


async def test_a_safe_fix_is_offered_as_a_replacement(tmp_path: Path) -> None:
    _told, findings = await analyzed("ruff", review(tmp_path, {"src/app.py": PYTHON}))

    by_rule = {finding.rule: finding for finding in findings}
    assert by_rule["F632"].replacement == '    if command == "rm":  # noqa: F632'
    assert by_rule["F401"].replacement == ""
    assert by_rule["B006"].replacement is None


@pytest.mark.parametrize("kind", ["ruff", "bandit"])
async def test_odd_names_are_files_like_any_other(kind: str, tmp_path: Path) -> None:
    names = {
        "-r.py", "@names.py", "a b\n\u00e4.py", "b/\udcff\udcfe.py", ".tox/c.py",
        "node_modules/build/d.py", "--config=x.py", "a/e.py", "$(touch x).py", "*.py",
    }  # fmt: skip
    config = review(tmp_path, dict.fromkeys(names, "eval(input())\n"))

    told, findings = await analyzed(kind, config)

    assert (told.status, told.error, told.warnings) == (AgentStatus.SUCCEEDED, None, ())
    assert {finding.file for finding in findings} == names


async def test_zizmor_and_odd_names(tmp_path: Path) -> None:
    names = {".github/workflows/-x y.yml", ".github/workflows/\u00e4.yaml", "a b/action.yml"}
    action = (
        "name: x\nruns:\n  using: composite\n  steps:\n"
        "    - run: echo ${{ inputs.a }}\n      shell: bash\n"
    )
    files = {name: action if "action" in name else WORKFLOW for name in names}
    config = review(tmp_path, {**files, ".github/workflows/\udcff.yml": WORKFLOW})

    told, findings = await analyzed("zizmor", config)

    assert told.status is AgentStatus.SUCCEEDED
    assert {finding.file for finding in findings} == names
    (warning,) = told.warnings
    assert "its name is no UTF-8" in warning


@pytest.mark.parametrize(
    ("kind", "name", "text", "rule"),
    [
        ("ruff", "a.py", "def f(:\n", "invalid-syntax"),
        ("bandit", "a.py", "def f(:\n", None),
        ("bandit", "a.py", "x = '\0'\n", None),
        ("zizmor", ".github/workflows/a.yml", "a: [", None),
        ("zizmor", ".github/workflows/a.yml", "", None),
        ("zizmor", "action.yml", "only: this\n", None),
    ],
)
async def test_a_file_that_cannot_be_parsed_is_told_and_costs_no_other(
    kind: str, name: str, text: str, rule: str | None, tmp_path: Path
) -> None:
    good = {"ruff": "b.py", "bandit": "b.py", "zizmor": ".github/workflows/b.yml"}[kind]
    good_text = WORKFLOW if kind == "zizmor" else "eval(input())\n"
    config = review(tmp_path, {name: text or "\n", good: good_text})

    told, findings = await analyzed(kind, config)

    assert (told.status, told.error) == (AgentStatus.SUCCEEDED, None)
    assert good in {finding.file for finding in findings}
    if rule is None:
        assert any(name in warning for warning in told.warnings)
    else:
        assert rule in {finding.rule for finding in findings if finding.file == name}


async def test_only_what_the_change_touched_is_given_to_an_analyzer(tmp_path: Path) -> None:
    config = review(tmp_path, {"new.py": "eval(input())\n"})
    tree = workspace(tmp_path).tree
    (tree / "old.py").write_text("eval(input())\n")
    (tree / "link.py").symlink_to("old.py")

    for kind in ("ruff", "bandit"):
        _told, findings = await analyzed(kind, config)
        assert {finding.file for finding in findings} == {"new.py"}


async def test_findings_on_untouched_lines_can_be_told_apart(tmp_path: Path) -> None:
    config = review(tmp_path, {"a.py": "eval(input())\nx = 1\neval(input())\n"})
    assert config.diff is not None
    hunk = Hunk(
        old_start=1,
        old_lines=2,
        new_start=1,
        new_lines=3,
        lines=(" eval(input())", " x = 1", "+eval(input())"),
    )
    file = replace(config.diff.files[0], status=FileStatus.MODIFIED, hunks=(hunk,))
    config = replace(config, diff=replace(config.diff, files=(file,)))

    _told, findings = await analyzed("bandit", config)
    assert config.diff is not None
    kept, dropped = touched(findings, config.diff)

    assert [finding.line for finding in kept] == [3]
    assert dropped == 1


@pytest.mark.parametrize("kind", ["ruff", "bandit", "zizmor"])
async def test_no_file_for_an_analyzer_is_an_empty_answer(kind: str, tmp_path: Path) -> None:
    told, findings = await analyzed(kind, review(tmp_path, {"README.md": "x\n"}))

    assert told.status is AgentStatus.SUCCEEDED
    assert findings == ()
    assert json.loads(told.answer)["summary"] == f"No file of the change is one for {kind}."
