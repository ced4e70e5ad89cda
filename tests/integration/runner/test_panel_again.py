"""A panel in the loop that could not finish: asked again if that may be over, and only then."""

from decimal import Decimal

import pytest

from bot import runner
from bot.models import (
    AgentReport,
    AgentRun,
    Failure,
    FailureKind,
    LoopStatus,
    ModelUsage,
    ReportState,
    ReviewResult,
)
from tests.integration.runner.conftest import FIX

USED = ModelUsage(model="m", input=10, output=1, cost_usd=Decimal("0.10"))


def report(kind=None):
    failure = Failure(kind=kind, message="529 overloaded") if kind else None
    return AgentReport(
        agent="claude",
        state=ReportState.FAILED if kind else ReportState.FINISHED,
        run=AgentRun(name="claude", error=failure, usage=(USED,), cost_usd=USED.cost_usd),
        reason="529 overloaded" if kind else "",
    )


class Panel:
    """Says one thing after the other."""

    def __init__(self, *reports):
        self.reports = list(reports)
        self.asked = 0

    async def assess(self, known, step):
        self.asked += 1

        async def work():
            return ReviewResult(
                head_sha="a" * 40, base_sha="b" * 40, reports=(self.reports.pop(0),)
            )

        return await step("agent claude", work)


async def looped(script, panel):
    roles = script(executes=[{"app.py": FIX}])
    config = runner.Config(
        developer=roles, reviewer=panel, worktree_path=roles.tree, task="add", task_id="x"
    )
    return await runner.run(config)


async def test_two_failures_that_pass_and_then_a_success(script):
    panel = Panel(report(FailureKind.RATE_LIMIT), report(FailureKind.NETWORK), report())
    result = await looped(script, panel)
    assert (result.status, result.iterations, panel.asked) == (LoopStatus.SUCCESS, 1, 3)
    assert [(step.name, bool(step.error)) for step in result.steps] == [
        ("execute", False),
        ("review 1", True),
        ("review 1 again 1", True),
        ("review 1 again 2", False),
    ]
    assert sum(line.cost.known for line in result.cost) == Decimal("0.30")


async def test_three_times_and_no_more(script):
    panel = Panel(*[report(FailureKind.TIMEOUT)] * 5)
    result = await looped(script, panel)
    assert (result.status, panel.asked) == (LoopStatus.ERROR, 3)
    assert result.reason == "the review is not complete: claude: 529 overloaded"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.LOGIN, LoopStatus.ERROR),
        (FailureKind.CRASHED, LoopStatus.ERROR),
        (FailureKind.BUDGET, LoopStatus.OVER_BUDGET),
    ],
)
async def test_what_stays_is_not_asked_again(script, kind, status):
    panel = Panel(report(kind), report())
    result = await looped(script, panel)
    assert (result.status, panel.asked) == (status, 1)
