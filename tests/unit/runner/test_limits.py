"""What a limit says when it is reached."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.models import AgentSpec, Limits
from bot.runner.limits import month_start, rules, scopes

ALL = Limits(run=Decimal("0.5"), pull=Decimal(5), month=Decimal(100))
WHERE = scopes("r1", "codex", "octo/hello", 7)


def codex(budget_usd=None):
    return AgentSpec(name="codex", kind="codex", budget_usd=budget_usd)


def test_without_limits_there_are_no_rules():
    assert rules(codex(), Limits(), WHERE) == ()


@pytest.mark.parametrize(
    ("index", "spent", "words"),
    [
        (0, "0.2", "the agent has spent $0.20 of $0.20 (agent codex: budget_usd)"),
        (1, "0.51", "the run has spent $0.51 of $0.50 (HARNESS_BUDGET_RUN_USD)"),
        (2, "5.001", "the pull request has spent $5.00 of $5.00 (HARNESS_BUDGET_PR_USD)"),
        (3, "1000", "$1,000.00 of $100.00 are spent this month (HARNESS_BUDGET_MONTH_USD)"),
    ],
)
def test_a_reached_limit_is_named_with_its_figures(index, spent, words):
    rule = rules(codex(Decimal("0.2")), ALL, WHERE)[index]
    assert str(rule.reached(Decimal(spent))) == words


def test_a_limit_is_not_reached_before_its_last_digit():
    rule = rules(codex(), Limits(run=Decimal("0.5")), WHERE)[0]
    assert rule.reached(Decimal("0.499999999999")) is None


def test_a_limit_of_nothing_is_reached_at_once():
    rule = rules(codex(), Limits(run=Decimal(0)), WHERE)[0]
    assert str(rule.reached(Decimal(0))).startswith("the run has spent $0.00 of $0.00")


def test_a_month_begins_on_its_first_day():
    assert month_start(datetime(2026, 11, 21, 12, 30, 5, 7, tzinfo=UTC)) == datetime(
        2026, 11, 1, tzinfo=UTC
    )
