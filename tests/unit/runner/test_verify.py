"""Second opinions: each a step of its own, by another agent, with failures that change nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.models import AssistantText, Finished, ReportState, RunError, Started, Verified, VerifyMode
from bot.models.context import ReviewContext
from bot.runner import review
from tests.unit.runner.test_judge import FIRST, SECOND
from tests.unit.runner.test_panel import Clock, Steps, agent, change, tree

__all__ = ["change", "tree"]  # fixtures


class Second:
    """Reviews at first, and answers a question about one report as it was told to."""

    def __init__(self, name, review, *events):
        self.name = name
        self._review = review
        self._events = events
        self.asked = []

    async def start(self, config):
        question = "Try to refute it" in config.prompt
        if question:
            self.asked.append(config.prompt)
            assert not config.contract_answer
        events = self._events if question else (AssistantText(text=self._review),)
        ends = any(isinstance(e, RunError) for e in events)
        last = () if ends else (Finished(success=True),)
        played = agent(self.name).reviewer.__class__(self.name, Started(), *events, *last)
        return await played.start(config)


def second(name, review, *events):
    return replace(agent(name), reviewer=Second(name, review, *events))


def said(verdict):
    return AssistantText(text=json.dumps({"verdict": verdict, "reason": "see line 2"}))


async def reviewed(change, agents, mode):
    steps = Steps()

    async def source():
        return change

    result = await review(source, agents, ReviewContext(), steps, clock=Clock(), verify=mode)
    return result, steps.names


async def test_each_disputed_issue_is_put_to_the_other_agent(change):
    one, two = second("claude", FIRST, said("refuted")), second("codex", SECOND, said("confirmed"))
    result, names = await reviewed(change, [one, two], VerifyMode.DISPUTED)
    assert sorted(names[4:]) == sorted(f"verify {r.opinion.issue}" for r in result.verifiers)
    (kept,) = result.issues
    (held,) = result.held
    assert (kept.title, kept.verified) == ("eval of input", Verified.CONFIRMED)
    assert (held.issue.title, held.by, held.reason) == ("unused import", "claude", "see line 2")
    assert "eval of input" in two.reviewer.asked[0]
    assert "unused import" in one.reviewer.asked[0]


async def test_nobody_is_asked_unless_it_is_switched_on(change):
    agents = [second("claude", FIRST, said("refuted")), second("codex", SECOND, said("refuted"))]
    result, names = await reviewed(change, agents, VerifyMode.OFF)
    assert names[-1] == "merge"
    assert (len(result.issues), result.held, result.verifiers) == (2, (), ())


@pytest.mark.parametrize(
    "events",
    [
        (RunError(message="quota"),),
        (AssistantText(text="it is refuted, trust me"),),
        (AssistantText(text='{"verdict": "refuted"}'),),
    ],
)
async def test_a_second_agent_that_fails_holds_nothing_back(change, events):
    agents = [second("claude", FIRST, *events), second("codex", '{"issues": []}', *events)]
    result, _names = await reviewed(change, agents, VerifyMode.ALL)
    (issue,) = result.issues
    assert issue.verified is Verified.UNKNOWN
    assert result.held == ()
    (report,) = result.verifiers
    assert report.agent == f"codex on {issue.id}"
    assert report.required is False


async def test_an_agent_whose_review_failed_gives_no_opinion(change):
    agents = [second("claude", FIRST), second("codex", "no JSON at all", said("refuted"))]
    result, names = await reviewed(change, agents, VerifyMode.ALL)
    assert not any(name.startswith("verify") for name in names)
    assert [r.state for r in result.reports] == [ReportState.FINISHED, ReportState.FAILED]
    assert result.issues[0].verified is Verified.NOT_ASKED
