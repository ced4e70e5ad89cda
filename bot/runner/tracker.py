"""The issues of a loop: which are to be repaired, which came with the repair, which are gone.

What a review of one draft found is settled against all that is known (`bot.runner.settling`), as a
push to a pull request would be. So whether a change addresses an issue is proved there, and what is
not proved stays open and goes into the next round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from bot.findings.states import OPEN
from bot.models import (
    FailOn,
    Issue,
    IssueState,
    IssueStats,
    KnownIssue,
    OpenIssue,
    ReviewResult,
)


class Tracker:
    """``targets`` are to be repaired; of ``known`` the others are left as they are."""

    def __init__(
        self, targets: Iterable[Issue], known: Iterable[KnownIssue], head_sha: str
    ) -> None:
        self._issues = {issue.id: issue for issue in targets}
        wanted = {issue.id: as_known(issue, head_sha) for issue in self._issues.values()}
        self._known = wanted | {issue.id: issue for issue in known}
        self._before = frozenset(self._known)
        self.targets = frozenset(self._issues)
        self.addressed: dict[str, KnownIssue] = {}
        self._open: dict[str, str] = dict.fromkeys(self.targets, "")
        """Of those that are to be repaired: why each is not closed, as far as it is known."""

    @property
    def known(self) -> tuple[KnownIssue, ...]:
        return tuple(self._known.values())

    @property
    def open(self) -> tuple[Issue, ...]:
        """What the developer is to mend, the worst first."""
        issues = (self._issues[name] for name in self._open)
        return tuple(sorted(issues, key=lambda i: (i.severity.rank, i.file, i.line or 0, i.id)))

    @property
    def unproved(self) -> tuple[tuple[str, str], ...]:
        """(issue, why it is not taken for repaired) of those that nobody reported again."""
        return tuple((name, why) for name, why in sorted(self._open.items()) if why)

    def settle(self, result: ReviewResult) -> None:
        """After the review of one draft: ``result.head_sha`` is its commit."""
        found = {issue.id: issue for issue in result.issues}
        carried = {known.id: known for known in result.carried}
        closed = {closing.issue.id: closing for closing in result.closed}
        held = {item.issue.id for item in result.held}
        for issue in found.values():
            self._known[issue.id] = as_known(issue, result.head_sha)
        for name, closing in closed.items():
            self._known[name] = replace(
                closing.issue,
                state=closing.state,
                reason=closing.reason,
                head_sha=result.head_sha,
            )
        mine = {
            name: issue
            for name, issue in found.items()
            if issue.state in OPEN and self._concerns(issue)
        }
        self._issues |= mine
        for name, closing in closed.items():
            if name in self._issues:  # stale too: then its file is as in the base again
                self.addressed[name] = replace(
                    closing.issue, state=closing.state, reason=closing.reason
                )
        for name in mine:
            self.addressed.pop(name, None)
        still = {
            name: carried[name].reason
            for name in (*self._open, *self.addressed)
            if name in carried and name not in closed
        }
        for name in still:
            spot = carried[name]
            self._issues[name] = replace(
                self._issues[name], file=spot.file, line=spot.line, end_line=spot.end_line
            )
        self._open = {name: "" for name in mine if name not in held} | still

    def _concerns(self, issue: Issue) -> bool:
        """What was open already and is nobody's task here stays as it is."""
        asked = issue.id in self.targets or issue.id not in self._before
        return asked or issue.state is IssueState.REOPENED

    def blocking(self, fail_on: FailOn) -> tuple[Issue, ...]:
        """What is open at or above the failing severity."""
        return tuple(issue for issue in self.open if fail_on.fails(issue.severity))

    def targets_open(self) -> bool:
        return any(name in self.targets for name in self._open)

    def listed(self) -> tuple[OpenIssue, ...]:
        return tuple(
            OpenIssue(
                id=issue.id,
                severity=issue.severity,
                title=issue.title,
                file=issue.file,
                line=issue.line,
                state=IssueState.PERSISTENT if issue.id in self.targets else IssueState.NEW,
                reason=self._open[issue.id],
            )
            for issue in self.open
        )

    def stats(self) -> IssueStats:
        listed = self.listed()
        new = sum(issue.state is IssueState.NEW for issue in listed)
        return IssueStats(
            total=len(listed) + len(self.addressed),
            addressed=len(self.addressed),
            new=new,
            persistent=len(listed) - new,
            open=dict(Counter(issue.severity for issue in listed)),
        )


def as_known(issue: Issue, head_sha: str) -> KnownIssue:
    """An issue as the next review of the loop knows it."""
    return KnownIssue(
        id=issue.id,
        state=issue.state if issue.state in OPEN else IssueState.PERSISTENT,
        severity=issue.severity,
        title=issue.title,
        description=issue.description,
        file=issue.file,
        line=issue.line,
        end_line=issue.end_line,
        side=issue.side,
        code=issue.code,
        agents=issue.agents,
        head_sha=head_sha,
        category=issue.category,
    )
