"""Follows issues over pushes: which of today's issues is one that is known already?

A hash of the text does not do it: agents say the same thing in other words every time. Three
witnesses are asked: the line, mapped through the diff since the issue was last seen; the text of
the lines; the words. An unchanged line is the strongest witness, against as well: while the known
line still stands elsewhere, equal words about another line are another issue. Pairs are taken best
first, one to one, so the result is the same in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.findings.code import alike, vocabulary
from bot.findings.naming import named
from bot.findings.similarity import SAME_TERMS, cosine, reordered, vectors
from bot.findings.states import OPEN, after
from bot.findings.touch import rewritten
from bot.findings.track import Spot, locate_all
from bot.models import Act, Diff, Issue, IssueState, KnownIssue

NEAR = 2
"""How far an agent's idea of a line may drift between two runs."""
LOOSE, EDITED, ALIKE = 0.08, 0.15, 0.25
"""Text similarities that are enough on the same line, on an edited line, and elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """Today's issues, known ones under their stored id, and the known ones nobody reported."""

    issues: tuple[Issue, ...]
    missing: tuple[KnownIssue, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    issue: Issue
    known: KnownIssue
    spot: Spot
    text: float
    same_code: bool
    like_code: bool

    @property
    def same_file(self) -> bool:
        return self.issue.file == self.spot.file

    @property
    def gap(self) -> int | None:
        """Lines between today's range and where the known one lies now; None if unknown."""
        if not self.same_file or self.spot.line is None or self.issue.line is None:
            return None
        end = self.issue.end_line if self.issue.end_line is not None else self.issue.line
        last = self.spot.end_line if self.spot.end_line is not None else self.spot.line
        return max(0, self.issue.line - last, self.spot.line - end)

    @property
    def exact(self) -> bool:
        """An analyzer's place is meant to the line; a person's or a model's drifts."""
        return all(source.rule for source in self.issue.sources)

    def admissible(self) -> bool:
        gap = self.gap
        if self.known.state not in OPEN and not self.spot.stands and self.text < ALIKE:
            return False  # what is closed does not wait for what is only near it
        if gap == 0:
            edited = EDITED if not self.spot.stands else LOOSE
            return self.text >= (ALIKE if self.exact else edited)
        if self.same_code and not self.spot.stands:
            return self.text >= (LOOSE if self.same_file else ALIKE)
        if self.like_code and not self.spot.stands:
            return self.text >= ALIKE  # moved, and edited on the way
        if gap is not None:
            return not self.exact and gap <= NEAR and self.text >= ALIKE
        # At least one of the two is about the whole file, or its file is gone.
        lined = self.issue.line is not None and self.known.line is not None
        return self.same_file and not lined and self.text >= ALIKE

    def score(self) -> float:
        gap = self.gap
        place = 0.0 if gap is None else max(0.0, 1.0 - gap / (NEAR + 1))
        if not self.spot.stands:
            place /= 2
        shared = bool(set(self.issue.agents) & set(self.known.agents))
        still = self.known.state in OPEN
        code = 0.7 * self.same_code + 0.3 * self.like_code
        return place + code + 0.6 * self.text + 0.05 * shared + 0.04 * still


_Ranked = tuple[float, int, str, str, int, int]


def follow(
    issues: Sequence[Issue],
    known: Sequence[KnownIssue],
    since: Mapping[str, Diff],
    lines: Mapping[str, Sequence[str]],
) -> Followed:
    """Give matched issues the stored id and the state of what is seen again.

    ``since``: earlier head -> diff from it to this head. ``lines`` tells whether a known line still
    reads the same when there is no such diff (the earlier commit is gone, or it is this one).
    """
    spots = locate_all(known, since, lines)
    taken_issues: dict[int, int] = {}
    taken_known: set[int] = set()
    for *_rank, i, k in _pairs(issues, known, spots):
        if i not in taken_issues and k not in taken_known:
            taken_issues[i] = k
            taken_known.add(k)
    fresh = _fresh([i for n, i in enumerate(issues) if n not in taken_issues], known)
    followed: list[Issue] = []
    for n, issue in enumerate(issues):
        if n not in taken_issues:
            followed.append(fresh.pop(0))
            continue
        k = taken_issues[n]
        old = known[k]
        changed = rewritten(old, spots[k], since.get(old.head_sha), lines, issue.code)
        followed.append(_continued(issue, old, Act.CHANGED if changed else Act.FOUND))
    return Followed(
        issues=tuple(followed),
        missing=tuple(k for n, k in enumerate(known) if n not in taken_known),
    )


def _pairs(
    issues: Sequence[Issue], known: Sequence[KnownIssue], spots: Sequence[Spot]
) -> list[_Ranked]:
    """Admissible pairs, best first; distance and ids break ties, never the order of the input."""
    texts = vectors([*map(_words, issues), *map(_words, known)])
    codes = [_plain(k.code) for k in known]
    vocabularies = [vocabulary(k.code) for k in known]
    pairs: list[_Ranked] = []
    for i, issue in enumerate(issues):
        code, mine = _plain(issue.code), vocabulary(issue.code)
        for k, old in enumerate(known):
            same_code = bool(code) and code == codes[k]
            like_code = not same_code and alike(mine, vocabularies[k])
            if issue.file != spots[k].file and not (same_code or like_code):
                continue
            text = cosine(texts[i], texts[len(issues) + k])
            if text >= SAME_TERMS and reordered(_words(issue), _words(old)):
                text = 0.0
            pair = _Pair(
                issue=issue,
                known=old,
                spot=spots[k],
                text=text,
                same_code=same_code,
                like_code=like_code,
            )
            if pair.admissible():
                drift = abs((issue.line or 0) - (old.line or 0))
                pairs.append((-pair.score(), drift, old.id, issue.id, i, k))
    return sorted(pairs)


def _continued(issue: Issue, known: KnownIssue, act: Act) -> Issue:
    """Seen again: the table of states says what that makes of it.

    What nobody was told yet (its run was cut off before it published, or a judge held it back) is
    as new as before.
    """
    untold = not known.posted and known.state is not IssueState.DISMISSED
    return replace(issue, id=known.id, state=IssueState.NEW if untold else after(known.state, act))


def _fresh(issues: Sequence[Issue], known: Collection[KnownIssue]) -> list[Issue]:
    """New issues keep the id of their content unless a known issue has it."""
    taken = {issue.id for issue in known}
    if not any(issue.id in taken for issue in issues):
        return list(issues)
    return list(named(issues, taken))


def _words(item: Issue | KnownIssue) -> str:
    return f"{item.title}\n{item.description}"


def _plain(code: str) -> str:
    return "\n".join(text for line in code.split("\n") if (text := " ".join(line.split())))
