"""What reviews cost, what limits do about it, and what one approval pays for."""

import re
from decimal import Decimal

import pytest

from bot.agents.reviewer import AgentKind, kinds
from bot.models import AssistantText, Finished, ModelUsage, Purse, Started, Total
from bot.tasks.plan import RUNS_OF_AN_APPROVAL
from tests.acceptance.conftest import scripted
from tests.acceptance.test_people import both
from tests.acceptance.test_review import BUGGY

MODEL = "claude-sonnet-4-5"


async def test_closing_and_reopening_does_not_spend_for_ever(make_stage):
    stage = await both(make_stage)
    pull = await stage.pull(BUGGY, author="rita")
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    for number in range(RUNS_OF_AN_APPROVAL + 2):
        await stage.github.close_pull(pull, by="rita")
        await stage.settled()
        await stage.github.reopen_pull(pull, by="rita")
        await stage.reviewed(pull, times=3 + number)
    reports = [await stage.harness.store.agent_reports(run.id) for run in await stage.runs(pull)]
    paid = sum(report.agent == "reader" for run in reports for report in run)
    assert paid == RUNS_OF_AN_APPROVAL
    assert stage.check(pull).conclusion in ("action_required", "failure")


async def test_a_late_closed_does_not_end_a_reopened_pull_request(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    pull.state = "open"
    await stage.github.emit_pull("closed", pull, pull.user)
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).status == "completed"
    assert stage.check(pull).conclusion == "failure"
    assert len(stage.inline(pull)) == 1


class Paid:
    """A reviewer that asks a model through its purse, as a fenced program does: $0.0135 a call."""

    name = "paid"
    activity = 0

    _purse: Purse

    def __init__(self, calls=1):
        self.calls = calls
        self.starts = 0

    async def start(self, config):
        self.starts += 1
        self._purse = config.purse
        return self

    async def events(self):
        yield Started()
        for _ in range(self.calls):
            ticket = await self._purse.admit(MODEL, input_tokens=3000, output_tokens=300)
            usage = ModelUsage(model=MODEL, input=3000, output=300)
            await self._purse.settle(ticket, usage)
        yield AssistantText(text='{"summary": "read", "issues": []}')
        yield Finished(success=True)

    async def wait(self):
        return None

    async def kill(self):
        return None


@pytest.fixture
def paid(monkeypatch):
    """A kind of agent that costs money, as an installed adapter provides it."""
    agent = Paid()
    kind = AgentKind(
        name="paid", summary="", analyzer=False, costs=True, build=lambda spec, sandbox: agent
    )
    monkeypatch.setattr("bot.app.kinds", lambda: {**kinds(), "paid": kind})
    return agent


async def stage_of(make_stage, **limits):
    return await make_stage(agents=[{"name": "paid", "kind": "paid"}], **limits)


async def test_what_a_review_cost_is_told_and_kept(make_stage, paid):
    stage = await stage_of(make_stage, budget_pr_usd=5)
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    summary = stage.summary(pull)
    assert re.search(
        r"\| paid \| finished \| 1 of 1 \| 0 \| 0:\d\d \| 3,000 / 300 \| \$0\.01 \|", summary
    )
    assert "of this pull request so far: \\$0.01 of \\$5.00" in summary
    (line,) = await stage.harness.store.costs(run.id)
    assert (line.agent, line.step, line.role, line.model) == (
        "paid",
        "agent paid",
        "reviewer",
        MODEL,
    )
    assert line.cost == Total(known=Decimal("0.0135"), calls=1)


async def test_a_pull_request_that_is_over_its_budget_is_not_read_and_not_passed(make_stage, paid):
    stage = await stage_of(make_stage, budget_pr_usd=Decimal("0.02"))
    pull = await stage.pull(BUGGY)
    for times in (1, 2, 3):
        await stage.reviewed(pull, times=times)
        await stage.push(pull, {"app.py": f"def one():\n    return {times}\n"})
    await stage.reviewed(pull, times=4)
    assert paid.starts == 2
    check = stage.check(pull)
    assert check.conclusion == "action_required"
    assert "paid is over budget" in check.title
    summary = stage.summary(pull)
    assert "**paid did not start** (over budget: the pull request has spent" in summary


async def test_a_review_that_reaches_its_limit_stops_within_one_call(make_stage, paid):
    paid.calls = 100
    stage = await stage_of(make_stage, budget_run_usd=Decimal("0.05"))
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    total = await stage.harness.store.cost_of_run(run.id)
    assert total == Total(known=4 * Decimal("0.0135"), calls=4)
    assert "paid is over budget" in stage.check(pull).title


async def test_what_was_spent_before_a_restart_counts_after_it(make_stage, paid):
    stage = await stage_of(make_stage, budget_month_usd=Decimal("0.01"))
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    await stage.stop()
    await stage.start()
    await stage.push(pull, {"b.py": "x = 1\n"})
    await stage.reviewed(pull, times=2)
    assert paid.starts == 1
    assert "paid is over budget" in stage.check(pull).title


async def test_a_command_that_nobody_can_count_does_not_run_under_a_limit(make_stage):
    stage = await make_stage(
        agents=[scripted("reader", base_url="https://models.example")],
        sandbox="off",
        budget_run_usd=5,
    )
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    assert stage.check(pull).title == "could not review: reader is over budget"
