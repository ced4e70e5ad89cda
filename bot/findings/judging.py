"""What a judge may hold back, and what its answer holds back.

A judge is a model that has read text of the change, so it may be wrong or talked into anything.
That is why it cannot touch

* an issue that more than one agent found: their agreement outvotes it;
* an issue that an analyzer found: that is no opinion;
* a critical issue: too much depends on it for one opinion against another;
* an issue that people were told before, or that they dismissed: that is theirs to decide;

and why whatever it holds back is listed, with its reason. An answer that cannot be read holds
nothing back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.findings import fields
from bot.findings.extract import last_object
from bot.findings.paths import shown
from bot.models import HeldBack, Issue, IssueState, Rejection, ReviewResult, Severity

MAX_PROBLEMS = 20
REASON, SUMMARY = 500, 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What one judge answered. ``problems`` are sentences about what could not be used."""

    readable: bool
    summary: str = ""
    rejected: tuple[Rejection, ...] = ()
    problems: tuple[str, ...] = ()


def candidates(issues: Sequence[Issue], analyzers: Collection[str]) -> tuple[Issue, ...]:
    """The issues that a judge is asked about, in their order."""
    return tuple(issue for issue in issues if _may_be_held(issue, analyzers))


def _may_be_held(issue: Issue, analyzers: Collection[str]) -> bool:
    return (
        issue.severity is not Severity.CRITICAL
        and issue.state is IssueState.NEW
        and len(issue.agents) == 1
        and issue.agents[0] not in analyzers
    )


def parse_judgement(text: str, asked: Collection[str]) -> Judgement:
    """The last answer in ``text``. ``asked``: ids of the issues that it was asked about."""
    found = last_object(text, _is_judgement)
    if found is None:
        return Judgement(readable=False)
    rejected: dict[str, Rejection] = {}
    problems: list[str] = []
    for number, item in enumerate(found["rejected"], 1):
        rejection, trouble = _rejection(item, asked, rejected)
        if rejection is not None:
            rejected[rejection.issue] = rejection
        elif len(problems) < MAX_PROBLEMS:
            problems.append(f"rejection {number}: {trouble}")
    return Judgement(
        readable=True,
        summary=fields.text(found.get("summary"), SUMMARY),
        rejected=tuple(rejected.values()),
        problems=tuple(problems),
    )


def _is_judgement(value: dict[str, Any]) -> bool:
    return isinstance(value.get("rejected"), list)


def _rejection(
    item: object, asked: Collection[str], known: Collection[str]
) -> tuple[Rejection | None, str]:
    """The rejection, or why there is none. One without a reason could not be listed honestly."""
    if not isinstance(item, dict):
        return None, "it is no object"
    name = item.get("id")
    if not isinstance(name, str):
        return None, "it names no issue"
    name = name.strip()
    if name in known:
        return None, f"{name} is rejected twice"
    if name not in asked:
        return None, f"it was not asked about {shown(name)}"
    reason = " ".join(fields.text(item.get("reason"), REASON).split())
    if not reason:
        return None, f"it gives no reason against {name}"
    return Rejection(issue=name, reason=reason), ""


def hold_back(
    result: ReviewResult, rejected: Sequence[Rejection], *, by: str, analyzers: Collection[str]
) -> ReviewResult:
    """The result without what may be, and is, held back; every issue is in one of the two lists.

    The rules are asked again here: a rejection is a claim, wherever it comes from.
    """
    free = {issue.id for issue in candidates(result.issues, analyzers)}
    reasons = {item.issue: item.reason for item in rejected if item.issue in free}
    held = tuple(
        HeldBack(issue=issue, reason=reasons[issue.id], by=by)
        for issue in result.issues
        if issue.id in reasons
    )
    kept = tuple(issue for issue in result.issues if issue.id not in reasons)
    return replace(result, issues=kept, held=(*result.held, *held))
