"""Which issues a second agent is asked to refute, whom, and what its answer changes. Pure.

| verdict | what becomes of the issue |
|---|---|
| confirmed | posted; half of the doubt about it is gone |
| unknown | posted as it is, and said to be unproved |
| refuted | held back, and listed with the reason |

Only new issues are asked about: what people were told before is theirs to decide. What an analyzer
found is no opinion, and is not asked about either. An answer that cannot be read is "unknown".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.findings import fields
from bot.findings.extract import last_object
from bot.models import (
    HeldBack,
    Issue,
    IssueState,
    Opinion,
    ReviewResult,
    Verified,
    VerifyMode,
)

MAX_ASKED = 20
"""Issues of one run that are asked about, the most severe first: each costs an agent's run."""
REASON = 500

_WORDS = {
    "refuted": Verified.REFUTED,
    "confirmed": Verified.CONFIRMED,
    "unknown": Verified.UNKNOWN,
}


def candidates(
    issues: Sequence[Issue],
    mode: VerifyMode,
    *,
    analyzers: Collection[str],
    finished: Collection[str],
) -> tuple[Issue, ...]:
    """The issues to ask about, in their order. ``finished``: agents whose report counts."""
    if mode is VerifyMode.OFF:
        return ()
    panel = set(finished) - set(analyzers)
    return tuple(
        issue
        for issue in issues
        if issue.state is IssueState.NEW
        and not set(issue.agents) & set(analyzers)
        and (mode is VerifyMode.ALL or (len(issue.agents) == 1 and len(panel) > 1))
    )[:MAX_ASKED]


def second(issue: Issue, able: Sequence[str], number: int) -> str | None:
    """An agent that did not find it; they take turns by ``number``. None: there is no other."""
    others = [name for name in able if name not in issue.agents]
    return others[number % len(others)] if others else None


def parse_opinion(text: str, issue: str, by: str) -> Opinion:
    """The last answer in ``text``; unknown if there is none, or a refutation without a reason."""
    found = last_object(text, _is_opinion)
    if found is None:
        return Opinion(issue=issue, verified=Verified.UNKNOWN, reason="", by=by)
    verified = _WORDS.get(str(found["verdict"]).strip().lower(), Verified.UNKNOWN)
    reason = " ".join(fields.text(found.get("reason"), REASON).split())
    if verified is Verified.REFUTED and not reason:
        verified = Verified.UNKNOWN
    return Opinion(issue=issue, verified=verified, reason=reason, by=by)


def _is_opinion(value: dict[str, Any]) -> bool:
    return isinstance(value.get("verdict"), str)


def weigh(result: ReviewResult, opinions: Sequence[Opinion]) -> ReviewResult:
    """The result with the opinions applied; every issue is still in one of the two lists."""
    said: Mapping[str, Opinion] = {opinion.issue: opinion for opinion in opinions}
    kept: list[Issue] = []
    held: list[HeldBack] = []
    for issue in result.issues:
        opinion = said.get(issue.id)
        if opinion is None or issue.state is not IssueState.NEW:
            kept.append(issue)
        elif opinion.verified is Verified.REFUTED:
            refuted = replace(issue, verified=Verified.REFUTED)
            held.append(HeldBack(issue=refuted, reason=opinion.reason, by=opinion.by))
        else:
            kept.append(_after(issue, opinion))
    return replace(result, issues=tuple(kept), held=(*result.held, *held))


def _after(issue: Issue, opinion: Opinion) -> Issue:
    because = f": {opinion.reason}" if opinion.reason else ""
    if opinion.verified is Verified.CONFIRMED:
        note = f"{opinion.by} was asked to refute it and confirmed it{because}"
        confidence = _surer(issue.confidence)
    else:
        note = f"{opinion.by} was asked to refute it and could not tell{because}"
        confidence = issue.confidence
    return replace(
        issue, verified=opinion.verified, confidence=confidence, notes=(*issue.notes, note)
    )


def _surer(confidence: float | None) -> float | None:
    return None if confidence is None else round(1 - (1 - confidence) / 2, 2)
