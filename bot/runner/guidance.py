"""What a developer is told besides the issues: failing tests, what is not proved, advice."""

from __future__ import annotations

from collections.abc import Sequence

from bot.context.fence import fenced
from bot.models import Issue, ReportState, ReviewResult, SuiteOutcome, SuiteState
from bot.models.text import visible
from bot.runner.roles import PASSING
from bot.testrun.compare import compare

MAX_TESTS = 50
MAX_TAIL = 6_000
MAX_TEXT = 20_000


def broken(suite: SuiteOutcome | None, before: SuiteOutcome | None) -> str:
    """Why the tests keep the loop from ending well; empty if they do not.

    Tests that failed before the work began are not its fault. Tests that could not be run are no
    pass; a project without tests has nothing to fail.
    """
    if suite is None or suite.state in (SuiteState.PASSED, SuiteState.NO_FRAMEWORK):
        return ""
    if suite.state is SuiteState.NOT_RUN:
        return f"the tests could not be run: {suite.reason or 'nobody said why'}"
    if before is None:
        return _failing(len(suite.failed), "fail")
    compared = compare(before, suite)
    if not compared.worse:
        return ""
    if compared.newly_failing:
        return _failing(len(compared.newly_failing), "fail that did not before")
    return compared.reason or "tests fail that did not before"


def told(result: ReviewResult) -> str:
    """Which required reviewers did not finish, and why; empty if all did."""
    return "; ".join(
        f"{report.agent}: {report.reason or report.state.value}"
        for report in result.reports
        if report.required and report.state is not ReportState.FINISHED
    )


def passing(result: ReviewResult) -> bool:
    """Whether all that keeps it from being complete may be over the next time it is asked."""
    missing = [r for r in result.reports if r.required and r.state is not ReportState.FINISHED]
    return bool(missing) and all(
        report.run.error is not None and report.run.error.kind in PASSING for report in missing
    )


def guidance(
    issues: Sequence[Issue],
    *,
    unproved: Sequence[tuple[str, str]],
    suite: SuiteOutcome | None,
    before: SuiteOutcome | None,
    advice: str,
) -> str:
    """Markdown. Whatever others wrote stands in fences."""
    parts = [
        _issues(issues),
        _unproved(unproved),
        _tests(suite, before),
        f"The reviewers' advice:\n{fenced(fit(advice))}" if advice.strip() else "",
    ]
    return "\n\n".join(filter(None, parts))


def fit(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n… ({len(text) - MAX_TEXT} characters left out)"


def _issues(issues: Sequence[Issue]) -> str:
    if not issues:
        return ""
    text = "\n\n".join(describe(issue) for issue in issues)
    return f"Repair these issues:\n{fenced(fit(text))}"


def describe(issue: Issue) -> str:
    """One issue as plain text, to stand in a fence."""
    place = f"{issue.file}:{issue.line}" if issue.line else issue.file
    lines = [f"{issue.id} ({issue.severity.value}) {place}: {issue.title}", issue.description]
    if issue.suggestion:
        lines.append(f"Suggestion: {issue.suggestion}")
    return "\n".join(filter(None, lines))


def _unproved(unproved: Sequence[tuple[str, str]]) -> str:
    if not unproved:
        return ""
    rows = "\n".join(f"{name}: {why}" for name, why in unproved)
    return (
        f"Nobody reported these again, but the change does not show them repaired:\n{fenced(rows)}"
    )


def _tests(suite: SuiteOutcome | None, before: SuiteOutcome | None) -> str:
    if suite is None or suite.state in (SuiteState.PASSED, SuiteState.NO_FRAMEWORK):
        return ""
    if suite.state is SuiteState.NOT_RUN:
        return f"The tests could not be run:\n{fenced(suite.reason)}"
    old = compare(before, suite).still_failing if before is not None else ()
    new = [name for name in suite.failed if name not in old]
    parts = ["Tests fail" + (f" (`{visible(suite.command)}`)." if suite.command else ".")]
    if new:
        parts.append(f"With the change they fail:\n{_names(new)}")
    if old:
        parts.append(f"They failed before it already:\n{_names(old)}")
    if suite.tail:
        parts.append(f"The end of their output:\n{fenced(suite.tail[-MAX_TAIL:])}")
    return "\n\n".join(parts)


def _names(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MAX_TESTS} more"] if len(names) > MAX_TESTS else []
    return fenced("\n".join([*names[:MAX_TESTS], *more]))


def _failing(count: int, what: str) -> str:
    """``what`` in the plural, beginning with "fail"."""
    match count:
        case 0:
            return f"tests {what}"
        case 1:
            return f"1 test fails{what.removeprefix('fail')}"
        case _:
            return f"{count} tests {what}"
