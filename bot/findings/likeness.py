"""Are two findings about the same problem? Text decides, place leans, an agent's own word counts.

Places are soft, because agents name the call or the definition of the same mistake; what is hard
is what cannot be the same: one agent naming two places, one analyzer applying two rules. Static
analyzers are exact about places and terse in words, so two of them need the same lines, and either
the same number behind their letters (S307 and B307 are one check) or nearly the same words.
"""

from __future__ import annotations

import re

from bot.models import Finding

THRESHOLD = 0.14
"""On labelled findings .12 to .16 do alike; the higher, the fewer issues hide behind another."""
SAME_AGENT = 0.3
"""Taken off for two findings of one agent: agents seldom say one thing twice."""
SAME_LINE_BONUS, NEAR_BONUS, FAR_MALUS, OTHER_FILE_MALUS = 0.12, 0.06, 0.05, 0.10
NEAR, FAR = 10, 40
FULL_BONUS_AT = 0.08
"""The bonus grows with the similarity of the texts: two problems on one line stay two."""
NEVER = -1.0
SAME_CHECK, SAME_WORDS = 0.6, 0.5
UNLIKE_RULES = 0.35

_NUMBER = re.compile(r"[A-Z]{1,4}(\d{3,4})", re.ASCII)


def likeness(a: Finding, b: Finding, text: float) -> float:
    """From `NEVER` to about 1.1; at or above `THRESHOLD` they are one. ``text``: cosine."""
    if a.agent == b.agent:
        return _own(a, b, text)
    if a.rule and b.rule:
        return _analyzers(a, b, text)
    return text + _place(a, b, text)


def _own(a: Finding, b: Finding, text: float) -> float:
    if a.rule != b.rule or _elsewhere(a, b):
        return NEVER
    return text - SAME_AGENT


def _analyzers(a: Finding, b: Finding, text: float) -> float:
    if _elsewhere(a, b):
        return NEVER
    if _same_number(a.rule, b.rule) and text > 0:
        return max(text, SAME_CHECK)
    return text if text >= SAME_WORDS else text - UNLIKE_RULES


def _same_number(a: str, b: str) -> bool:
    one, other = _NUMBER.fullmatch(a), _NUMBER.fullmatch(b)
    return a == b or (one is not None and other is not None and one[1] == other[1])


def _elsewhere(a: Finding, b: Finding) -> bool:
    """Both say where, and it is not the same place."""
    if a.file != b.file:
        return True
    gap = distance(a, b)
    return gap is not None and gap > 0


def _place(a: Finding, b: Finding, text: float) -> float:
    if a.file != b.file:
        return -OTHER_FILE_MALUS
    gap = distance(a, b)
    if gap is None:
        return 0.0
    if a.rule or b.rule:  # an analyzer's line is the line
        near, far = 0, 0
    else:
        near, far = NEAR, FAR
    if gap > near:
        return -FAR_MALUS if gap > far else 0.0
    bonus = NEAR_BONUS if gap else SAME_LINE_BONUS
    return bonus * min(1.0, text / FULL_BONUS_AT)


def distance(a: Finding, b: Finding) -> int | None:
    """Lines between the two ranges, 0 if they touch a common line; None if one has no line."""
    if a.line is None or b.line is None or a.side is not b.side:
        return None
    a_end = a.end_line if a.end_line is not None else a.line
    b_end = b.end_line if b.end_line is not None else b.line
    return max(0, a.line - b_end, b.line - a_end)
