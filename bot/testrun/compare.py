"""What a change did to the tests: those that failed before are told apart from those it broke.

Names decide where all of them are known on both sides; then counts; then states. What is unknown is
said: it counts as worse wherever tests could be run before, or fail now. Only where there was
nothing to lose (no tests could be run before, and none fail now) is it not.
"""

from __future__ import annotations

from bot.models import SuiteComparison, SuiteOutcome, SuiteState

_RAN = (SuiteState.PASSED, SuiteState.FAILED)


def compare(before: SuiteOutcome, after: SuiteOutcome) -> SuiteComparison:
    """Both of the same project: before the change, and with it."""
    if before.state not in _RAN:
        return _without_before(before, after)
    if after.state not in _RAN:
        reason = f"the tests ran before the change and do not now: {_why(after)}"
        return SuiteComparison(worse=True, reason=reason)
    if after.state is SuiteState.PASSED:
        return SuiteComparison(fixed=before.failed)
    if before.state is SuiteState.PASSED:
        reason = "" if after.failed else f"the tests passed before the change: {_why(after)}"
        return SuiteComparison(newly_failing=after.failed, worse=True, reason=reason)
    return _both_failed(before, after)


def _without_before(before: SuiteOutcome, after: SuiteOutcome) -> SuiteComparison:
    if after.state is SuiteState.PASSED:
        return SuiteComparison()
    if after.state is SuiteState.FAILED:
        reason = f"tests fail, and they were not run before the change: {_why(before)}"
        return SuiteComparison(worse=True, unknown=True, reason=reason)
    if before.state is after.state is SuiteState.NO_FRAMEWORK:
        return SuiteComparison(reason="there are no tests")
    reason = f"no tests were run, neither before the change nor after it: {_why(after)}"
    return SuiteComparison(unknown=True, reason=reason)


def _both_failed(before: SuiteOutcome, after: SuiteOutcome) -> SuiteComparison:
    old, new = set(before.failed), set(after.failed)
    known_before, known_after = _complete(before), _complete(after)
    more = _more(before, after)
    # A name that is missing from an incomplete list says nothing.
    newly = tuple(name for name in after.failed if name not in old) if known_before else ()
    still = tuple(name for name in after.failed if name in old)
    fixed = tuple(name for name in before.failed if name not in new) if known_after else ()
    told = known_before and known_after
    if told or newly:
        return SuiteComparison(
            newly_failing=newly, still_failing=still, fixed=fixed, worse=bool(newly)
        )
    if more:
        reason = "more tests fail than before the change"
    elif more is None:
        reason = "which tests failed before the change and which fail now is not known"
    else:
        reason = "as many tests fail as before the change or fewer; not all their names are known"
    return SuiteComparison(
        still_failing=still, fixed=fixed, worse=more is not False, unknown=True, reason=reason
    )


def _complete(outcome: SuiteOutcome) -> bool:
    """Whether every failing test is known by name."""
    count = _failing(outcome)
    return bool(outcome.failed) and count is not None and len(outcome.failed) >= count


def _failing(outcome: SuiteOutcome) -> int | None:
    counts = outcome.counts
    if counts.failed is None or counts.errors is None:
        return None
    return counts.failed + counts.errors


def _more(before: SuiteOutcome, after: SuiteOutcome) -> bool | None:
    old, new = _failing(before), _failing(after)
    if not old or not new:  # failed without a failing test: something else is wrong
        return None
    return new > old


def _why(outcome: SuiteOutcome) -> str:
    return outcome.reason or outcome.state.value
