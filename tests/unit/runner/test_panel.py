"""The one path of every review: what counts as finished, and what stays open."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.agents.reviewer import AgentKind
from bot.context.prompt import GUARDS
from bot.context.sections import PROMPT_TOKENS
from bot.context.tokens import estimate
from bot.errors import AgentFailed
from bot.models import (
    AgentSpec,
    AssistantText,
    Change,
    Diff,
    Event,
    FileDiff,
    FileStatus,
    Finished,
    Hunk,
    IssueState,
    KnownIssue,
    Part,
    Placement,
    ReportState,
    Role,
    RunError,
    Severity,
    Side,
    Skipped,
    Started,
    Workspace,
)
from bot.models.context import ReviewContext
from bot.runner import Panelist, review
from bot.runner.parts import share_of

ANSWER = """Looks wrong.
{"issues": [{"severity": "critical", "file": "app.py", "line": 2, "title": "eval of input",
"description": "`eval` runs whatever the caller sends to the calculator"}]}"""
CLEAN = '{"issues": []}'


class Clock:
    def now(self):
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic(self):
        return 1.0


class Process:
    activity = 0

    def __init__(self, events):
        self._events = events

    async def events(self):
        for event in self._events:
            yield event

    async def wait(self):
        return None

    async def kill(self):
        return None


class Reviewer:
    def __init__(self, name, *events):
        self.name = name
        self.events = events
        self.configs = []
        self.second: tuple[Event, ...] = ()

    async def start(self, config):
        self.configs.append(config)
        said = self.second if self.second and len(self.configs) > 1 else self.events
        return Process(said)


def kind(*, analyzer):
    return AgentKind(name="command", summary="", analyzer=analyzer, build=Reviewer)


def agent(name, answer=CLEAN, *, analyzer=False, required=True, end=None):
    events = (Started(), AssistantText(text=answer), end or Finished(success=True))
    return Panelist(
        spec=AgentSpec(name=name, kind="command", required=required),
        reviewer=Reviewer(name, *events),
        kind=kind(analyzer=analyzer),
    )


class Steps:
    """Runs the work at once and remembers the names."""

    def __init__(self):
        self.names = []

    async def __call__(self, name, work):
        self.names.append(name)
        return await work()


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.py").write_text("import os\nprint(eval(input()))\n")
    return tree


@pytest.fixture
def change(tree):
    hunk = Hunk(
        old_start=1,
        old_lines=1,
        new_start=1,
        new_lines=2,
        lines=(" import os", "+print(eval(input()))"),
    )
    file = FileDiff(path="app.py", old_path="app.py", status=FileStatus.MODIFIED, hunks=(hunk,))
    return Change(
        diff=Diff(base_sha="b" * 40, head_sha="a" * 40, files=(file,)),
        workspace=Workspace(tree=tree, git_dir=Path("/none"), diff_file=Path("/none")),
        head_sha="a" * 40,
        base_sha="b" * 40,
        base_ref="main",
    )


def known(agents, **more):
    values = {
        "id": "h-OLD2",
        "state": IssueState.NEW,
        "severity": Severity.CRITICAL,
        "title": "something else entirely",
        "description": "the connection pool leaks sockets under load",
        "file": "pool.py",
        "line": 90,
        "end_line": None,
        "side": Side.RIGHT,
        "code": "pool.acquire()",
        "agents": agents,
        "head_sha": "c" * 40,
        "placement": Placement.INLINE,
        "posted": True,
    }
    return KnownIssue(**{**values, **more})


async def run(change, *agents, step=None):
    async def source():
        return change

    return await review(source, agents, ReviewContext(), step or Steps(), clock=Clock())


async def test_what_an_agent_could_not_look_at_is_told(change):
    warning = RunError(message="'app.py': syntax error", warning=True)
    blind = Panelist(
        spec=AgentSpec(name="blind", kind="command"),
        reviewer=Reviewer(
            "blind",
            Started(),
            warning,
            warning,
            AssistantText(text=CLEAN),
            Finished(success=True),
        ),
        kind=kind(analyzer=True),
    )
    (report,) = (await run(change, blind)).reports
    assert report.state is ReportState.FINISHED
    assert report.problems == ("'app.py': syntax error",)
    assert report.run.buffer == ()


async def test_what_two_agents_say_about_one_line_is_one_issue(change):
    result = await run(change, agent("a", ANSWER), agent("b", ANSWER), agent("c"))
    (issue,) = result.issues
    assert issue.agents == ("a", "b")
    assert issue.anchor.placement is Placement.INLINE
    assert issue.code == "print(eval(input()))"
    assert result.found == 2
    assert [report.state for report in result.reports] == [ReportState.FINISHED] * 3


async def test_each_agent_is_a_step_of_its_own_and_merging_is_the_last(change):
    steps = Steps()
    await run(change, agent("a"), agent("b"), step=steps)
    assert steps.names == ["parts", "agent a", "agent b", "merge"]


@pytest.mark.parametrize(
    "broken",
    [
        agent("x", "I found nothing, all good!"),
        agent("x", ANSWER, end=Finished(success=False)),
        agent("x", ANSWER, end=RunError(message="401")),
        agent("x", ""),
    ],
    ids=["prose", "says it failed", "error", "nothing"],
)
async def test_an_agent_that_did_not_finish_is_never_read_as_passed(change, broken):
    result = await run(change, broken, agent("b"))
    failed, finished = result.reports
    assert failed.state is ReportState.FAILED
    assert failed.reason
    assert finished.state is ReportState.FINISHED


async def test_a_failing_agent_keeps_what_can_be_read(change):
    result = await run(change, agent("x", ANSWER, end=Finished(success=False)))
    assert result.reports[0].state is ReportState.FAILED
    assert len(result.issues) == 1


async def test_an_analyzer_speaks_only_of_lines_that_were_touched(change):
    first_line = ANSWER.replace('"line": 2', '"line": 1')
    analyzed = await run(change, agent("ruff", first_line, analyzer=True))
    assert analyzed.issues == ()
    assert analyzed.reports[0].untouched == 1
    read = await run(change, agent("claude", first_line))
    assert len(read.issues) == 1


async def test_nothing_is_said_about_an_ignored_file(change):
    ignored = replace(change, skipped=(Skipped(path="app.py", reason="ignored"),))
    result = await run(ignored, agent("a", ANSWER))
    assert result.issues == ()
    assert result.files == 0


async def test_silence_alone_closes_nothing_and_the_reason_is_told(change):
    issue = known(("a", "b"), file="app.py", line=1, code="import os")
    before = replace(change, known=(issue,))

    async def carried(*agents):
        result = await run(before, *agents)
        assert result.closed == ()
        return result.carried[0].reason

    assert await carried(agent("a"), agent("b")) == (
        "not found again, not proved: its code still stands there"
    )
    assert await carried(agent("a"), agent("b", end=Finished(success=False))) == (
        "b did not finish"
    )
    assert "did not take part" in await carried(agent("other"))


async def test_an_issue_whose_line_was_changed_is_addressed_if_its_finder_finished(change):
    issue = known(("a",), file="app.py", line=2, code="print(exec(input()))")
    was = Hunk(
        old_start=2,
        old_lines=1,
        new_start=2,
        new_lines=1,
        lines=("-print(exec(input()))", "+print(eval(input()))"),
    )
    (file,) = change.diff.files
    since = Diff(base_sha="c" * 40, head_sha=change.head_sha, files=(replace(file, hunks=(was,)),))
    before = replace(change, known=(issue,), since={"c" * 40: since})
    (closing,) = (await run(before, agent("a"))).closed
    assert (closing.issue, closing.state, closing.commit) == (
        issue,
        IssueState.ADDRESSED,
        change.head_sha,
    )
    failed = await run(before, agent("a", end=Finished(success=False)))
    assert failed.closed == ()


async def test_a_symlink_in_the_tree_is_never_read(change, tree, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("one\ntop secret\n")
    (tree / "app.py").unlink()
    (tree / "app.py").symlink_to(secret)
    result = await run(change, agent("a", ANSWER))
    assert "top secret" not in str(result)


async def test_the_prompt_holds_the_change(change):
    asked = agent("a")
    await run(change, asked)
    assert "+print(eval(input()))" in asked.reviewer.configs[0].prompt


async def test_a_diff_that_does_not_fit_in_a_prompt_is_told(change, tree):
    (file,) = change.diff.files
    (hunk,) = file.hunks
    big = replace(file, hunks=(replace(hunk, lines=(hunk.lines[0], "+" + "x = 1; " * 60_000)),))
    large = replace(change, diff=replace(change.diff, files=(big,)))
    result = await run(large, agent("claude"), agent("ruff", analyzer=True))
    read, analyzed = result.reports
    assert read.problems == ("the diff of app.py did not fit in its prompt",)
    assert analyzed.problems == ()
    assert (read.files, analyzed.files) == (0, 1)


def parted(change):
    """The change with a second file, in a part of its own."""
    (file,) = change.diff.files
    other = replace(file, path="lib/more.py", old_path="lib/more.py")
    return replace(
        change,
        diff=replace(change.diff, files=(file, other)),
        parts=(Part(folder="", paths=("app.py",)), Part(folder="lib", paths=("lib/more.py",))),
    )


async def test_a_change_too_large_is_read_in_parts_by_every_coding_agent(change):
    steps, claude, ruff = Steps(), agent("claude"), agent("ruff", analyzer=True)
    result = await run(parted(change), claude, ruff, step=steps)
    assert sorted(steps.names[1:4]) == [
        "agent claude (1 of 2)",
        "agent claude (2 of 2)",
        "agent ruff",
    ]
    first, second = claude.reviewer.configs
    assert "This is part 1 of 2; other parts are read apart from it." in first.prompt
    assert "+++ b/app.py" in first.prompt
    assert "lib/more.py" not in first.prompt
    assert "+++ b/lib/more.py" in second.prompt
    assert len(ruff.reviewer.configs) == 1
    read, analyzed = result.reports
    assert (read.state, read.files, analyzed.files) == (ReportState.FINISHED, 2, 2)
    assert [part.folder for part in result.parts] == ["", "lib"]


async def test_an_agent_that_fails_on_one_part_did_not_finish_and_keeps_the_other(change):
    flaky = agent("claude", ANSWER)
    flaky.reviewer.second = (Started(), RunError(message="overloaded"))
    (report,) = (await run(parted(change), flaky)).reports
    assert report.state is ReportState.FAILED
    assert report.reason.startswith("part 2: ")
    assert len(report.findings) == 1


async def test_what_an_agent_may_spend_is_one_sum_for_all_parts(change):
    spec = replace(agent("claude").spec, budget_usd=Decimal("0.90"))
    assert share_of(spec, 3).budget_usd == Decimal("0.30")
    assert share_of(spec, 1) == spec


async def test_a_prompt_of_the_operators_that_does_not_fit_costs_only_its_agent(change):
    wordy = agent("claude")
    wordy = replace(wordy, spec=replace(wordy.spec, prompt="Mind the locks. " * 60_000))
    told, other = (await run(change, wordy, agent("codex"))).reports
    assert told.state is ReportState.NOT_STARTED
    assert "does not fit" in told.reason or "there is room for" in told.reason
    assert other.state is ReportState.FINISHED


def counting(monkeypatch, factor):
    """An agent whose provider finds ``factor`` times as many tokens as are estimated."""
    asked = []

    async def counted(api, model, text):
        asked.append(estimate(text))
        return round(asked[-1] * factor)

    monkeypatch.setattr("bot.runner.panel.counted", counted)
    wordy = agent("claude")
    spec = replace(wordy.spec, count_tokens=True)
    return replace(wordy, spec=spec, kind=replace(wordy.kind, api=lambda _spec: None)), asked


async def test_a_prompt_is_held_against_its_providers_count(change, monkeypatch):
    told, asked = counting(monkeypatch, 1.6)
    (file,) = change.diff.files
    (hunk,) = file.hunks
    long = "+" + "x = 1; " * 2_000
    files = tuple(
        replace(file, path=f"f{n}.py", old_path=f"f{n}.py", hunks=(replace(hunk, lines=(long,)),))
        for n in range(9)
    )
    large = replace(change, diff=replace(change.diff, files=(*change.diff.files, *files)))
    (report,) = (await run(large, told)).reports
    (config,) = told.reviewer.configs
    assert len(asked) > 1
    assert 1.6 * estimate(config.prompt) <= PROMPT_TOKENS
    assert config.clipped
    assert report.files == 10 - len(config.clipped)


async def test_a_provider_that_always_finds_too_much_has_nothing_sent(change, monkeypatch):
    told, _asked = counting(monkeypatch, 1_000)
    (report,) = (await run(change, told)).reports
    assert (report.state, told.reviewer.configs) == (ReportState.NOT_STARTED, [])


async def test_a_provider_that_does_not_count_leaves_the_estimate(change, monkeypatch):
    told, _asked = counting(monkeypatch, 1)

    async def broken(api, model, text):
        raise AgentFailed("HTTP 529")

    monkeypatch.setattr("bot.runner.panel.counted", broken)
    (report,) = (await run(change, told)).reports
    assert report.state is ReportState.FINISHED


async def test_how_many_files_each_agent_was_given_is_told(change):
    notes = replace(change.diff.files[0], path="notes.txt", old_path="notes.txt")
    ignored = replace(change.diff.files[0], path="gen.py", old_path="gen.py")
    gone = replace(change.diff.files[0], path="gone.py", status=FileStatus.DELETED)
    files = (*change.diff.files, notes, ignored, gone)
    more = replace(
        change,
        diff=replace(change.diff, files=files),
        skipped=(Skipped(path="gen.py", reason="ignored"),),
    )
    ruff = agent("ruff", analyzer=True)
    ruff = replace(ruff, kind=replace(ruff.kind, reads=lambda path: path.endswith(".py")))
    result = await run(more, agent("claude"), ruff)
    assert result.files == 3
    assert [report.files for report in result.reports] == [3, 1]


async def test_an_agent_is_told_its_skills_in_its_own_spelling_and_the_guard_apart(change):
    asked = replace(
        agent("codex"),
        spec=AgentSpec(name="codex", kind="command", skills=("/review",)),
        kind=replace(kind(analyzer=False), spell_skill=lambda skill: skill.replace("/", "$")),
    )
    await run(change, asked)
    (given,) = asked.reviewer.configs
    assert given.skills == ("/review",)
    assert given.prompt.startswith("$review\n\n")
    assert given.guard == GUARDS[Role.REVIEWER]
    assert given.guard not in given.prompt
