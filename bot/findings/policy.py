"""The verdict: from the issues and the agents' outcomes, never from a claim to have passed.

One table; the first row whose condition holds decides. Success is the last row: it is reached only
when every required agent finished on exactly this head, and nothing that fails is open.

| if | conclusion | title |
|---|---|---|
| a newer commit was pushed | `cancelled` | superseded by a newer commit |
| nothing is reviewed here (draft, label, no reviewable file) | `neutral` | skipped: … |
| the change cannot be had or read | `action_required` | could not review: … |
| an open issue is at or above the failing severity | `failure` | N to fix before merging |
| a required agent was cancelled | `cancelled` | cancelled |
| a required agent failed other than by timeout | `action_required` | incomplete: … |
| a required agent ran out of time | `timed_out` | out of time: … |
| agents wait for a maintainer's approval | `action_required` | waits for a maintainer's approval |
| no agent finished | `action_required` | nobody reviewed it |
| otherwise | `success` | nothing to fix in COMMIT |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.findings.states import OPEN
from bot.models import (
    AgentReport,
    Conclusion,
    Decision,
    FailOn,
    FailureKind,
    Issue,
    KnownIssue,
    ReportState,
    Severity,
)


class Fact(StrEnum):
    """What can be true of a run, as the table names it."""

    SUPERSEDED = "a newer commit was pushed"
    SKIPPED = "nothing is reviewed here (draft, label, no reviewable file)"
    TROUBLE = "the change cannot be had or read"
    BLOCKING = "an open issue is at or above the failing severity"
    NOBODY = "no agent finished"
    CANCELLED = "a required agent was cancelled"
    FAILED = "a required agent failed other than by timeout"
    TIMED_OUT = "a required agent ran out of time"
    WAITS = "agents wait for a maintainer's approval"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """``when`` must hold; None always holds."""

    when: Fact | None
    conclusion: Conclusion
    says: str


ROWS: tuple[Row, ...] = (
    Row(
        when=Fact.SUPERSEDED,
        conclusion=Conclusion.CANCELLED,
        says="superseded by a newer commit",
    ),
    Row(when=Fact.SKIPPED, conclusion=Conclusion.NEUTRAL, says="skipped: …"),
    Row(when=Fact.TROUBLE, conclusion=Conclusion.ACTION_REQUIRED, says="could not review: …"),
    Row(when=Fact.BLOCKING, conclusion=Conclusion.FAILURE, says="N to fix before merging"),
    Row(when=Fact.CANCELLED, conclusion=Conclusion.CANCELLED, says="cancelled"),
    Row(when=Fact.FAILED, conclusion=Conclusion.ACTION_REQUIRED, says="incomplete: …"),
    Row(when=Fact.TIMED_OUT, conclusion=Conclusion.TIMED_OUT, says="out of time: …"),
    Row(
        when=Fact.WAITS,
        conclusion=Conclusion.ACTION_REQUIRED,
        says="waits for a maintainer's approval",
    ),
    Row(when=Fact.NOBODY, conclusion=Conclusion.ACTION_REQUIRED, says="nobody reviewed it"),
    Row(when=None, conclusion=Conclusion.SUCCESS, says="nothing to fix in COMMIT"),
)

_TIME = frozenset({FailureKind.TIMEOUT, FailureKind.IDLE})


def decide(
    reports: Sequence[AgentReport],
    issues: Sequence[Issue],
    carried: Sequence[KnownIssue],
    fail_on: FailOn,
    *,
    head_is_newest: bool = True,
    skip_reason: str = "",
    approved: bool = True,
    withheld: Sequence[str] = (),
    trouble: str = "",
    head_sha: str = "",
    unread: int = 0,
    held: int = 0,
) -> Decision:
    """Conclusion and words. ``trouble``: why the change could not be had or read at all;
    ``unread``: files that no reviewer could be shown, and ``held``: issues that a judge held
    back, which a clean title must not hide.
    """
    severities = _open(issues, carried)
    failing = sum(fail_on.fails(severity) for severity in severities)
    facts = _facts(reports)
    if not head_is_newest:
        facts.add(Fact.SUPERSEDED)
    if skip_reason:
        facts.add(Fact.SKIPPED)
    if trouble:
        facts.add(Fact.TROUBLE)
    if failing:
        facts.add(Fact.BLOCKING)
    if withheld and not approved:
        facts.add(Fact.WAITS)
    row = choose(facts)
    missing = _missing(reports)
    reason = skip_reason if row.when is Fact.SKIPPED else trouble
    return Decision(
        conclusion=row.conclusion,
        title=_title(
            row,
            counts=_counts(severities, fail_on),
            who=_who(missing),
            nobody=Fact.NOBODY in facts,
            reason=reason,
            head_sha=head_sha,
            hidden=_hidden(unread, held),
        ),
        reasons=(
            *([reason] if reason and row.when in (Fact.SKIPPED, Fact.TROUBLE) else ()),
            *(_note(report) for report in missing),
            *([_waiting(withheld)] if Fact.WAITS in facts else ()),
        ),
        failing=failing,
    )


def choose(facts: set[Fact]) -> Row:
    """The first row that holds."""
    return next(row for row in ROWS if row.when is None or row.when in facts)


def table_markdown() -> str:
    """The table, for the documentation."""
    lines = ["| if | conclusion | title |", "|---|---|---|"]
    lines += [
        f"| {row.when.value if row.when else 'otherwise'} | `{row.conclusion.value}` | {row.says} |"
        for row in ROWS
    ]
    return "\n".join(lines)


def _open(issues: Sequence[Issue], carried: Sequence[KnownIssue]) -> list[Severity]:
    return [
        *(issue.severity for issue in issues if issue.state in OPEN),
        *(issue.severity for issue in carried if issue.state in OPEN),
    ]


def _facts(reports: Sequence[AgentReport]) -> set[Fact]:
    facts: set[Fact] = set()
    if not any(report.state is ReportState.FINISHED for report in reports):
        facts.add(Fact.NOBODY)
    for report in reports:
        if not report.required or report.state is ReportState.FINISHED:
            continue
        if report.state is ReportState.CANCELLED:
            facts.add(Fact.CANCELLED)
        elif report.run.error is not None and report.run.error.kind in _TIME:
            facts.add(Fact.TIMED_OUT)
        else:
            facts.add(Fact.FAILED)
    return facts


def _missing(reports: Sequence[AgentReport]) -> list[AgentReport]:
    """Who did not finish, required ones first; every one is named."""
    missing = [report for report in reports if report.state is not ReportState.FINISHED]
    return sorted(missing, key=lambda report: (not report.required, report.agent))


def _who(missing: Sequence[AgentReport]) -> str:
    """``a and b did not finish, c is over budget``."""
    broke = [report.agent for report in missing if _over_budget(report)]
    others = [report.agent for report in missing if not _over_budget(report)]
    parts = (
        f"{_listed(others)} did not finish" if others else "",
        f"{_listed(broke)} {'is' if len(broke) == 1 else 'are'} over budget" if broke else "",
    )
    return ", ".join(filter(None, parts))


def _over_budget(report: AgentReport) -> bool:
    return report.run.error is not None and report.run.error.kind is FailureKind.BUDGET


def _note(report: AgentReport) -> str:
    done = "start" if report.state is ReportState.NOT_STARTED else "finish"
    return f"{report.agent} did not {done}" + (f" ({report.reason})" if report.reason else "")


def _waiting(names: Sequence[str]) -> str:
    return f"{_listed(names)} {'wait' if len(names) > 1 else 'waits'} for a maintainer"


def _title(
    row: Row,
    *,
    counts: Sequence[str],
    who: str,
    nobody: bool,
    reason: str,
    head_sha: str,
    hidden: Sequence[str],
) -> str:
    """The row's words with what they stand for; counts of open issues are never left out."""
    match row.when:
        case Fact.SUPERSEDED:
            return row.says
        case Fact.SKIPPED | Fact.TROUBLE:
            return row.says.replace("…", reason)
        case Fact.BLOCKING:
            return " · ".join([*counts, *hidden, *([f"incomplete: {who}"] if who else [])])
        case Fact.FAILED | Fact.TIMED_OUT:
            words = row.says.replace("incomplete", "could not review") if nobody else row.says
            return " · ".join([words.replace("…", who), *counts, *hidden])
        case None:
            where = head_sha[:7] or "this commit"
            clean = "nothing to fix before merging" if counts else f"nothing to fix in {where}"
            return " · ".join([clean, *counts, *hidden])
        case _:
            return " · ".join([row.says, *counts, *hidden])


def _hidden(unread: int, held: int) -> list[str]:
    files = "file" if unread == 1 else "files"
    return [
        *([f"{unread} {files} could not be read"] if unread else []),
        *([f"{held} held back"] if held else []),
    ]


def _counts(severities: Sequence[Severity], fail_on: FailOn) -> list[str]:
    """``2 to fix before merging``, then the rest by severity."""
    failing = sum(fail_on.fails(severity) for severity in severities)
    rest = [
        f"{n} {severity.value}"
        for severity in Severity
        if not fail_on.fails(severity) and (n := severities.count(severity))
    ]
    return ([f"{failing} to fix before merging"] if failing else []) + rest


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
