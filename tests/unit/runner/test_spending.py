"""What agents of a review may spend, and what is known of it afterwards."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.agents.reviewer import AgentKind
from bot.errors import AgentFailed, OverBudget
from bot.findings.policy import decide
from bot.models import (
    AgentSpec,
    AssistantText,
    Change,
    Conclusion,
    Diff,
    FailOn,
    FailureKind,
    Finished,
    Limits,
    ModelUsage,
    Repo,
    ReportState,
    RunError,
    Started,
    Tokens,
    Workspace,
)
from bot.models.context import ReviewContext
from bot.runner import Budgets, MemoryBook, Panelist, review

REPO = Repo(owner="octo", name="hello")
MODEL = "claude-sonnet-4-5"
CENT = Decimal("0.01")
CLEAN = AssistantText(text='{"issues": []}')
ENOUGH = Limits(run=Decimal(1))


class Clock:
    def now(self):
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic(self):
        return 1.0


class Process:
    """Calls its models through the purse, as the proxy of a fence does."""

    activity = 0

    def __init__(self, agent, purse):
        self._agent = agent
        self._purse = purse

    async def events(self):
        yield Started()
        for usage in self._agent.calls:
            try:
                ticket = await self._purse.admit(usage.model, input_tokens=3000, output_tokens=300)
            except OverBudget:
                yield RunError(message="403 from the model's API", warning=self._agent.patient)
                continue
            await self._purse.settle(ticket, usage)
        if self._agent.hangs:
            await self._purse.admit(MODEL, input_tokens=3000, output_tokens=300)
            await asyncio.Event().wait()
        yield CLEAN
        if self._agent.tells is not None:
            yield self._agent.tells
        yield Finished(success=True)

    async def wait(self):
        return None

    async def kill(self):
        return None


class Agent:
    def __init__(self, *calls, tells=None, patient=False, hangs=False, missing=False):
        self.calls = calls
        self.tells = tells
        self.patient = patient
        self.hangs = hangs
        self.missing = missing
        self.started = 0
        self.name = ""

    async def start(self, config):
        self.started += 1
        if self.missing:
            raise AgentFailed("there is no program", "program not found")
        return Process(self, config.purse)


def panelist(agent, name="claude", *, costs=True, analyzer=False, **more):
    agent.name = name
    kind = AgentKind(
        name="k", summary="", analyzer=analyzer, build=lambda spec, sandbox: agent, costs=costs
    )
    return Panelist(spec=AgentSpec(name=name, kind="k", **more), kind=kind, reviewer=agent)


def used(tokens=3000, model=MODEL):
    return ModelUsage(model=model, input=tokens, output=tokens // 10)


class Sink:
    def __init__(self):
        self.events = []

    def agent_event(self, agent, event):
        self.events.append((agent, event))

    def run_finished(self, summary):
        self.summary = summary


class Money:
    def __init__(self, limits=ENOUGH):
        self.book = MemoryBook()
        self.budget = Budgets(self.book, Clock()).of_run("r1", REPO, 7, limits)

    async def spent(self):
        return (await self.book.spent("r1", "", REPO, 7, None)).run

    async def run(self, *agents, sinks=()):
        async def source():
            return Change(
                diff=Diff(base_sha="b", head_sha="a", files=()),
                workspace=Workspace(
                    tree=Path("/none"), git_dir=Path("/none"), diff_file=Path("/none")
                ),
                head_sha="a",
                base_sha="b",
            )

        async def step(name, work):
            return await work()

        result = await review(
            source, agents, ReviewContext(), step, clock=Clock(), budget=self.budget, sinks=sinks
        )
        return result.reports


def verdict(reports):
    return decide(reports, (), (), FailOn.MAJOR, head_sha="a" * 40)


async def test_tokens_and_cost_are_those_of_the_calls_when_the_program_tells_none():
    money = Money()
    (report,) = await money.run(panelist(Agent(used(), used(1000))))
    assert report.state is ReportState.FINISHED
    assert (report.run.tokens.input, report.run.tokens.output) == (4000, 400)
    assert report.run.cost_usd == Decimal("0.018")
    assert [usage.model for usage in report.run.usage] == [MODEL]
    assert await money.spent() == Decimal("0.018")


async def test_the_program_s_own_figure_counts_before_ours():
    own = Tokens(input=7, output=5, cost_usd=Decimal("0.5"), by_model=(used(7),))
    (report,) = await Money().run(panelist(Agent(used(), tells=own)))
    assert report.run.cost_usd == Decimal("0.5")
    assert (report.run.tokens.input, report.run.tokens.output) == (7, 5)
    assert report.run.usage == (used(7),)


async def test_one_call_of_unknown_cost_makes_the_sum_unknown():
    money = Money(Limits())
    (report,) = await money.run(panelist(Agent(used(), used(model="mine"))))
    assert report.run.cost_usd is None
    assert report.run.tokens.input == 6000
    assert await money.spent() == Decimal("0.0135")


async def test_an_analyzer_costs_nothing_and_that_is_known():
    (report,) = await Money().run(panelist(Agent(), "ruff", costs=False, analyzer=True))
    assert report.run.cost_usd == 0


async def test_what_an_agent_of_the_operator_costs_is_unknown():
    money = Money(Limits())
    (report,) = await money.run(panelist(Agent(), "mine", costs=False))
    assert report.state is ReportState.FINISHED
    assert report.run.cost_usd is None
    assert report.run.usage == ()


async def test_calls_that_went_another_way_count_by_the_program_s_word():
    money = Money()
    own = Tokens(input=3000, output=300, by_model=(used(),))
    (report,) = await money.run(panelist(Agent(tells=own)))
    assert report.run.cost_usd == Decimal("0.0135")
    sums = Tokens(input=3000, output=300, cost_usd=CENT)
    (report,) = await money.run(panelist(Agent(tells=sums)))
    assert report.run.cost_usd == CENT
    assert await money.spent() == Decimal("0.0235")


async def test_a_program_that_was_not_there_has_cost_nothing():
    (report,) = await Money().run(panelist(Agent(missing=True)))
    assert report.state is ReportState.FAILED
    assert report.run.cost_usd == 0


async def test_an_agent_does_not_start_when_the_limit_is_reached():
    money, sink = Money(Limits(run=CENT)), Sink()
    await money.run(panelist(Agent(used())))
    late, free = Agent(), Agent()
    reports = await money.run(
        panelist(late), panelist(free, "ruff", costs=False, analyzer=True), sinks=[sink]
    )
    assert (late.started, free.started) == (0, 1)
    report = reports[0]
    assert report.state is ReportState.NOT_STARTED
    assert report.reason == (
        "over budget: the run has spent $0.01 of $0.01 (HARNESS_BUDGET_RUN_USD)"
    )
    assert report.run.cost_usd == 0
    assert ("claude", RunError(message=report.run.error.message, kind=FailureKind.BUDGET)) in (
        sink.events
    )
    decision = verdict(reports)
    assert decision.conclusion is Conclusion.ACTION_REQUIRED
    assert decision.title == "incomplete: claude is over budget"
    assert decision.reasons == (f"claude did not start ({report.reason})",)


async def test_an_optional_agent_over_budget_is_told_and_fails_nothing():
    money = Money(Limits(run=Decimal(0)))
    reports = await money.run(
        panelist(Agent(), required=False),
        panelist(Agent(), "ruff", costs=False, analyzer=True),
    )
    decision = verdict(reports)
    assert decision.conclusion is Conclusion.SUCCESS
    assert "claude did not start" in decision.reasons[0]


async def test_an_agent_that_is_stopped_by_its_limit_says_so():
    money = Money(Limits(run=CENT))
    (report,) = await money.run(panelist(Agent(used(), used())))
    assert report.state is ReportState.FAILED
    assert report.reason.startswith("over budget: the run has spent $0.01 of $0.01")
    assert verdict([report]).title == "could not review: claude is over budget"
    assert report.run.cost_usd == Decimal("0.0135")


async def test_an_agent_that_finished_without_a_refused_call_tells_of_it():
    money = Money(Limits(run=CENT))
    (report,) = await money.run(panelist(Agent(used(), used(), patient=True)))
    assert report.state is ReportState.FINISHED
    assert any("a call was refused: the run has spent" in problem for problem in report.problems)


async def test_a_command_with_an_address_of_its_own_cannot_be_kept_under_a_limit():
    own = Agent()
    address = "https://models.example"
    (report,) = await Money().run(panelist(own, "mine", costs=False, base_url=address))
    assert (own.started, report.state) == (0, ReportState.NOT_STARTED)
    assert "remove its base_url, or the limit (HARNESS_BUDGET_RUN_USD)" in report.reason
    (report,) = await Money(Limits()).run(panelist(own, "mine", costs=False, base_url=address))
    assert report.state is ReportState.FINISHED


@pytest.mark.parametrize("more", [{"api_key_env": "MINE"}, {"api_key_file": "/keys/mine"}])
async def test_a_command_with_a_key_of_its_own_cannot_be_kept_under_a_limit(more):
    own = Agent()
    (report,) = await Money().run(panelist(own, "mine", costs=False, **more))
    assert (own.started, report.state) == (0, ReportState.NOT_STARTED)
    assert "remove its api_key_env or api_key_file, or the limit" in report.reason
    (report,) = await Money(Limits()).run(panelist(own, "mine", costs=False, **more))
    assert report.state is ReportState.FINISHED


async def test_an_attempt_that_a_crash_lost_stays_counted_and_is_no_part_of_the_next():
    money = Money()
    await money.run(panelist(Agent(used())))  # its result was never recorded
    (report,) = await money.run(panelist(Agent(used())))
    assert report.run.cost_usd == Decimal("0.0135")
    assert await money.spent() == 2 * Decimal("0.0135")


async def test_a_cancelled_agent_is_charged_for_the_call_it_was_in():
    money = Money()
    task = asyncio.ensure_future(money.run(panelist(Agent(used(), hangs=True))))
    while await money.spent() < Decimal("0.0135"):
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await money.spent() == Decimal("0.0135") + Decimal("0.0225")
