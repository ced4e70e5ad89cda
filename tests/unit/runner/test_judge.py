"""The judge: when it is asked, what it may do, and what its failure costs."""

import json
from dataclasses import replace

import pytest

from bot.agents.sinks import Collect
from bot.models import AssistantText, Finished, ReportState, RunError, Started
from bot.models.context import ReviewContext
from bot.runner import review
from tests.unit.runner.test_panel import Clock, Steps, agent, change, tree

__all__ = ["change", "tree"]  # fixtures

FIRST = """{"issues": [{"severity": "major", "file": "app.py", "line": 2, "title": "eval of input",
"description": "`eval` runs whatever the caller sends to the calculator"}]}"""
SECOND = """{"issues": [{"severity": "minor", "file": "app.py", "line": 1, "title": "unused import",
"description": "nothing uses the module named os in this file"}]}"""
CRITICAL = FIRST.replace("major", "critical")


class All:
    """Rejects every id that its prompt holds, as a judge that was talked into it."""

    name = "judge"

    def __init__(self):
        self.prompt = ""

    async def start(self, config):
        self.prompt = config.prompt
        lines = config.prompt.splitlines()
        ids = [line.split()[1] for line in lines if line.startswith("Report h-")]
        answer = {"summary": "all wrong", "rejected": [{"id": i, "reason": "no"} for i in ids]}
        told = AssistantText(text=json.dumps(answer))
        return (
            await agent("judge")
            .reviewer.__class__("judge", Started(), told, Finished(success=True))
            .start(config)
        )


def rejecting():
    return replace(agent("judge"), reviewer=All())


async def judged(change, agents, judge, *, sinks=()):
    steps = Steps()

    async def source():
        return change

    result = await review(
        source, agents, ReviewContext(), steps, clock=Clock(), sinks=sinks, judge=judge
    )
    return result, steps.names


async def test_what_the_judge_rejects_is_held_back_and_nothing_is_lost(change):
    agents = [agent("claude", FIRST), agent("codex", SECOND)]
    result, names = await judged(change, agents, rejecting())
    assert names[-2:] == ["merge", "judge"]
    assert result.issues == ()
    assert {h.issue.title for h in result.held} == {"eval of input", "unused import"}
    assert {(h.by, h.reason) for h in result.held} == {("judge", "no")}
    assert result.judge.state is ReportState.FINISHED
    assert result.judge.run.buffer == ()


async def test_agreement_analyzers_and_critical_issues_are_never_asked_about(change):
    agents = [
        agent("claude", CRITICAL),
        agent("codex", SECOND),
        agent("gemini", SECOND),
        agent("ruff", FIRST, analyzer=True),
    ]
    result, names = await judged(change, agents, rejecting())
    assert "judge" not in names
    assert (result.held, result.judge) == ((), None)
    assert result.issues


@pytest.mark.parametrize(
    "agents",
    [
        [agent("claude", FIRST)],
        [agent("claude", FIRST), agent("ruff", SECOND, analyzer=True)],
        [agent("claude", FIRST), agent("codex", "I did not finish")],
        [agent("claude"), agent("codex")],
    ],
    ids=["one agent", "one and an analyzer", "one that can be read", "nothing found"],
)
async def test_without_two_usable_reports_and_something_to_judge_it_is_not_asked(change, agents):
    result, names = await judged(change, agents, rejecting())
    assert "judge" not in names
    assert result.judge is None


@pytest.mark.parametrize(
    ("answer", "end", "reason"),
    [
        ("looks all wrong to me", None, "its answer holds no readable result"),
        ('{"rejected": []}', RunError(message="out of money"), "crashed: out of money"),
    ],
)
async def test_a_judge_that_fails_holds_nothing_back(change, answer, end, reason):
    agents = [agent("claude", FIRST), agent("codex", SECOND)]
    result, _ = await judged(change, agents, agent("judge", answer, end=end))
    assert len(result.issues) == 2
    assert result.held == ()
    assert (result.judge.state, result.judge.reason) == (ReportState.FAILED, reason)


async def test_the_rejections_of_a_judge_that_did_not_finish_do_not_count(change):
    ids = (await judged(change, [agent("claude", FIRST)], None))[0].issues
    answer = json.dumps({"rejected": [{"id": ids[0].id, "reason": "no"}]})
    agents = [agent("claude", FIRST), agent("codex", SECOND)]
    judge = agent("judge", answer, end=RunError(message="killed"))
    assert (await judged(change, agents, judge))[0].held == ()


async def test_the_sinks_hear_the_judge_before_the_end(change):
    sink = Collect()
    agents = [agent("claude", FIRST), agent("codex", SECOND)]
    await judged(change, agents, rejecting(), sinks=[sink])
    assert sink.of("judge")[0] == Started()
    (summary,) = sink.summaries
    assert [run.name for run in summary.agent_runs] == ["claude", "codex", "judge"]
    assert not summary.cancelled
