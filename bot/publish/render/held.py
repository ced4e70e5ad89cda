"""What a judge held back, in the summary comment and in the check: each by name in one of the two.

A long list is shortened in two steps: entries with their reasons while there is room, then ids
alone. Whatever says "the rest is there" asks here what will be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.models import HeldBack
from bot.publish import sanitize
from bot.publish.publisher import Publication
from bot.publish.render.words import joined, listed, place, plural

ROOM = 16_000
"""Characters of the check's text that issues never take from what was held back."""
_LEAD = 400
"""Of `ROOM`, for the sentences around the list."""
_REASON = 300
_ID = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """How a list is written in a given room: ``full`` entries, then ``named`` ids, then a count."""

    full: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    counted: int = 0


def line(held: HeldBack, secrets: Iterable[str] = ()) -> str:
    """Id, severity, place, title, who found it, and why it is not posted."""
    issue = held.issue
    return (
        f"- {_id(held)} · {issue.severity.value} ·"
        f" {sanitize.code(place(issue), limit=110, secrets=secrets)} ·"
        f" {sanitize.inline(issue.title, limit=140, secrets=secrets)}"
        f" ({sanitize.inline(listed(issue.agents), limit=80)}):"
        f" {sanitize.inline(held.reason, limit=_REASON, secrets=secrets)}"
    )


def fit(held: Sequence[HeldBack], limit: int, secrets: Iterable[str] = ()) -> Listing:
    """As many entries as leave room for the ids of all others; if ids do not fit, a count."""
    lines = _take(held, limit, secrets)
    ids = [_id(item) for item in held]
    whole = _sums(lines, 1)
    short = _sums(ids, 2)
    for full in range(len(lines), -1, -1):
        if whole[full] + short[-1] - short[full] <= limit:
            return Listing(full=lines[:full], named=tuple(ids[full:]))
    named = sum(size <= limit for size in short[1:])
    return Listing(named=tuple(ids[:named]), counted=len(ids) - named)


def _take(held: Iterable[HeldBack], limit: int, secrets: Iterable[str]) -> tuple[str, ...]:
    """The first entries, as many as fit; no more are written than that."""
    taken: list[str] = []
    for item in held:
        entry = line(item, secrets)
        limit -= len(entry) + 1
        if limit < 0:
            break
        taken.append(entry)
    return tuple(taken)


def _sums(texts: Sequence[str], separator: int) -> list[int]:
    """What the first n of them take, for every n."""
    return list(accumulate((len(text) + separator for text in texts), initial=0))


def _id(held: HeldBack) -> str:
    return sanitize.inline(held.issue.id, limit=_ID)


def in_comment(publication: Publication, limit: int) -> str:
    """The first entries, and how many the check has: no more than it is sure to have."""
    held = publication.result.held
    if not held:
        return ""
    entries = _begin(publication, limit)
    rest = fit(held[len(entries) :], ROOM - _LEAD, publication.secrets)
    there = len(rest.full) + len(rest.named)
    more = [f"- … and {there} more, listed in the details of the check `harness`"] if there else []
    more += [_counted(rest.counted)] if rest.counted else []
    return joined(lead(held), "\n".join([*entries, *more]))


def in_check(publication: Publication, shown: int, limit: int) -> str:
    """Those first that the comment leaves out, which has ``shown`` of them; then the others."""
    held = publication.result.held
    if not held:
        return ""
    elsewhere = fit(held[shown:], limit - _LEAD, publication.secrets)
    used = sum(len(entry) + 1 for entry in elsewhere.full)
    used += sum(len(name) + 2 for name in elsewhere.named)
    here = _take(held[:shown], limit - _LEAD - used, publication.secrets)
    left = shown - len(here)
    tail = [
        *([f"- … by id only: {', '.join(elsewhere.named)}"] if elsewhere.named else []),
        *([f"- … and {left} more, listed in the summary comment"] if left else []),
        *([_counted(elsewhere.counted)] if elsewhere.counted else []),
    ]
    return joined(lead(held), "\n".join([*here, *elsewhere.full, *tail]))


def shown(publication: Publication, limit: int) -> int:
    """How many entries the comment has, when it spends ``limit`` characters on them."""
    return len(_begin(publication, limit))


def _begin(publication: Publication, limit: int) -> tuple[str, ...]:
    return _take(publication.result.held, limit, publication.secrets)


def lead(held: Sequence[HeldBack]) -> str:
    """Above a list of at least one."""
    who = sanitize.inline(listed(sorted({item.by for item in held})), limit=200)
    return (
        f"**Not posted** ({plural(len(held), 'issue')}): {who} read these reports and found the"
        " code to refute them."
    )


def _counted(count: int) -> str:
    return f"- … and {count} more, which only the page of this run names"
