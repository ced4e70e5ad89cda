"""The outcome of a project's tests survives being recorded."""

from __future__ import annotations

from bot.jobs import serializer
from bot.models import SuiteComparison, SuiteCounts, SuiteOutcome, SuiteState


def test_outcomes_and_comparisons_can_be_recorded():
    outcome = SuiteOutcome(
        state=SuiteState.FAILED, failed=("a",), counts=SuiteCounts(passed=1, failed=None)
    )
    comparison = SuiteComparison(newly_failing=("a",), worse=True)
    for value in (outcome, comparison):
        assert serializer.decode(serializer.encode(value)) == value
