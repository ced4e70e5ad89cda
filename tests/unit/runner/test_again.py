"""An answer that cannot be read is asked for once more, and a failed agent after that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.models import AssistantText, Finished, ReportState, Started, Tokens
from bot.models.context import ReviewContext
from bot.runner import review
from bot.runner.again import NOTE, TOLD
from tests.unit.runner.test_panel import Clock, Steps, agent, change, tree

__all__ = ["change", "tree"]  # fixtures

GOOD = """{"issues": [{"severity": "major", "file": "app.py", "line": 2, "title": "eval",
"description": "`eval` runs the input"}]}"""
PROSE = "- [major] app.py:2 runs the input with eval"


class Twice:
    """Answers each question in its turn."""

    def __init__(self, name, *answers, tokens=()):
        self.name = name
        self.answers = list(answers)
        self.tokens = list(tokens)
        self.prompts = []

    async def start(self, config):
        self.prompts.append(config.prompt)
        said = AssistantText(text=self.answers[len(self.prompts) - 1])
        used = self.tokens[len(self.prompts) - 1 : len(self.prompts)]
        events = (Started(), said, *used, Finished(success=True))
        return await agent(self.name).reviewer.__class__(self.name, *events).start(config)


async def reported(change, *answers, seconds=900.0, analyzer=False, tokens=()):
    played = agent("claude", analyzer=analyzer)
    played = replace(
        played,
        reviewer=Twice("claude", *answers, tokens=tokens),
        spec=replace(played.spec, timeout=seconds),
    )

    async def source():
        return change

    result = await review(source, [played], ReviewContext(), Steps(), clock=Clock())
    return result, played.reviewer


async def test_a_readable_answer_is_not_asked_for_again(change):
    result, asked = await reported(change, GOOD)
    assert len(asked.prompts) == 1
    assert result.reports[0].problems == ()


async def test_garbage_is_asked_for_once_more_with_the_whole_task(change):
    tokens = (
        Tokens(input=10, output=1, cost_usd=Decimal("0.1")),
        Tokens(input=20, output=2, cost_usd=Decimal("0.2")),
    )
    result, asked = await reported(change, "all fine, ship it", GOOD, tokens=tokens)
    (report,) = result.reports
    assert report.state is ReportState.FINISHED
    assert report.problems == (TOLD,)
    assert len(report.findings) == 1
    first, second = asked.prompts
    assert second == f"{first}\n{NOTE}\n"
    used = report.run.tokens
    assert (used.input, used.output, used.cost_usd) == (30, 3, Decimal("0.3"))


async def test_garbage_twice_is_a_failed_agent(change):
    result, asked = await reported(change, "all fine", "still fine")
    (report,) = result.reports
    assert report.state is ReportState.FAILED
    assert report.reason == "its answer holds no readable result"
    assert len(asked.prompts) == 2


async def test_prose_is_asked_for_again_and_counts_if_that_does_not_help(change):
    result, _asked = await reported(change, PROSE, "nothing new")
    (report,) = result.reports
    assert report.state is ReportState.FINISHED
    assert [(f.file, f.line) for f in report.findings] == [("app.py", 2)]
    assert report.problems[-1] == TOLD


async def test_what_prose_reported_is_not_lost_over_a_second_answer_without_it(change):
    result, _asked = await reported(change, PROSE, '{"issues": []}')
    assert [(f.file, f.line) for f in result.reports[0].findings] == [("app.py", 2)]
    better, _asked = await reported(change, PROSE, GOOD)
    assert [f.title for f in better.reports[0].findings] == ["eval"]


@pytest.mark.parametrize(("seconds", "analyzer"), [(20.0, False), (900.0, True)])
async def test_without_time_or_for_an_analyzer_there_is_no_second_time(change, seconds, analyzer):
    result, asked = await reported(change, "garbage", seconds=seconds, analyzer=analyzer)
    assert len(asked.prompts) == 1
    assert result.reports[0].state is ReportState.FAILED
