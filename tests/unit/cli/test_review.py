"""What a local review says of its cost."""

from decimal import Decimal

import pytest

from bot.cli.review import cost
from tests.fakes.nouns import report, result

RUFF = report("ruff", cost=Decimal(0))


@pytest.mark.parametrize(
    ("reports", "lines"),
    [
        ((), []),
        ((RUFF,), []),
        ((RUFF, report("codex", cost=Decimal("0.5"))), ["cost: $0.50"]),
        ((RUFF, report("mine")), ["cost: unknown"]),
        (
            (report("codex", cost=Decimal("0.5")), RUFF, report("mine")),
            ["cost: at least $0.50 (codex $0.50, mine unknown)"],
        ),
    ],
)
def test_the_cost_is_one_line_where_something_cost_or_is_unknown(reports, lines):
    assert cost(result(reports=reports)) == lines


def test_the_judge_is_paid_for_too():
    reports = (report("codex", cost=Decimal("0.5")), report("claude", cost=Decimal("0.25")))
    found = result(reports=reports, judge=report("arbiter", cost=Decimal(1)))
    assert cost(found) == ["cost: $1.75 (codex $0.50, claude $0.25, arbiter $1.00)"]
