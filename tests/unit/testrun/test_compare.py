"""What a change did to the tests: worse, better, or not to be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import SuiteComparison, SuiteCounts, SuiteOutcome, SuiteState
from bot.testrun.compare import compare

S = SuiteState
PASSED = SuiteOutcome(state=S.PASSED, counts=SuiteCounts(passed=3, failed=0, errors=0, skipped=0))
NONE = SuiteOutcome(state=S.NO_FRAMEWORK)
NOT_RUN = SuiteOutcome(state=S.NOT_RUN, reason="there is no pytest here")


def failed(*names: str, count: int | None = -1) -> SuiteOutcome:
    number = len(names) if count == -1 else count
    errors = None if number is None else 0
    return SuiteOutcome(
        state=S.FAILED, failed=names, counts=SuiteCounts(failed=number, errors=errors)
    )


def test_tests_that_failed_already_are_told_apart_from_those_the_change_broke():
    assert compare(failed("a", "b"), failed("b", "c")) == SuiteComparison(
        newly_failing=("c",), still_failing=("b",), fixed=("a",), worse=True
    )
    assert compare(failed("a", "b"), failed("b")) == SuiteComparison(
        still_failing=("b",), fixed=("a",)
    )
    assert compare(failed("a"), PASSED) == SuiteComparison(fixed=("a",))
    assert compare(PASSED, PASSED) == SuiteComparison()
    assert compare(PASSED, failed("a")) == SuiteComparison(newly_failing=("a",), worse=True)


@pytest.mark.parametrize(
    ("before", "after", "worse", "unknown"),
    [
        (PASSED, NOT_RUN, True, False),
        (PASSED, NONE, True, False),
        (PASSED, failed(count=None), True, False),
        (failed("a"), NOT_RUN, True, False),
        (failed("a"), NONE, True, False),
        (NOT_RUN, failed("a"), True, True),
        (NONE, failed("a"), True, True),
        (NOT_RUN, NOT_RUN, False, True),
        (NOT_RUN, NONE, False, True),
        (NONE, NOT_RUN, False, True),
        (NONE, NONE, False, False),
        # Names are not known, or not all of them.
        (failed(count=2), failed(count=3), True, True),
        (failed(count=2), failed(count=2), False, True),
        (failed(count=3), failed("a", count=2), False, True),
        (failed(count=None), failed(count=None), True, True),
        (failed("a", "b"), failed(count=None), True, True),
        (failed("a", "b"), failed("a", count=3), True, True),
        (failed(count=0), failed(count=0), True, True),
        (failed(count=2), failed("a", "b", "c"), True, True),
    ],
)
def test_what_is_not_known_is_said(before, after, worse, unknown):
    found = compare(before, after)
    assert (found.worse, found.unknown) == (worse, unknown)
    assert found.reason


def test_a_name_that_is_new_for_sure_decides_though_others_are_missing():
    found = compare(failed("a"), failed("b", count=5))
    assert found == SuiteComparison(newly_failing=("b",), worse=True)


@pytest.mark.parametrize("before", [NOT_RUN, NONE])
def test_a_pass_is_not_worse_than_nothing(before):
    assert compare(before, PASSED) == SuiteComparison()


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)
OUTCOMES = st.builds(
    SuiteOutcome,
    state=st.sampled_from(S),
    failed=NAMES.map(tuple),
    counts=st.builds(
        SuiteCounts, failed=st.none() | st.integers(0, 9), errors=st.none() | st.integers(0, 9)
    ),
)


@given(OUTCOMES, OUTCOMES)
def test_no_silent_verdict(before, after):
    found = compare(before, after)
    assert not set(found.newly_failing) & set(found.still_failing)
    assert not found.unknown or found.reason
    if found.newly_failing:
        assert found.worse
    if after.state is S.FAILED and not (found.worse or found.reason):
        assert set(after.failed) <= set(before.failed)
    if before.state is S.PASSED and after.state is not S.PASSED:
        assert found.worse
