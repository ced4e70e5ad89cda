"""What is measured of the life of issues, for tests that set limits and the command that prints."""

from __future__ import annotations

from dataclasses import dataclass

from bot.findings.evidence import Seen, weigh
from bot.models import IssueState
from tests.fakes.fixes import Push, pushes
from tests.fakes.nouns import HEAD, known
from tests.fakes.trees import compare


@dataclass(frozen=True, kw_only=True)
class Evidence:
    fixes: int
    others: int
    false_addressed: float
    """Share of the changes that fix nothing."""
    false_open: float
    """Share of the fixes."""
    wrong: tuple[str, ...]
    states: frozenset[IssueState]


def evidence() -> Evidence:
    """Every push of the corpus, with a finder who finished and says nothing."""
    verdicts = [(push, verdict(push)) for push in pushes()]
    closed = [(push, state is IssueState.ADDRESSED) for push, (state, _why) in verdicts]
    fixes = sum(push.fixes for push, _closed in closed)
    others = len(closed) - fixes
    return Evidence(
        fixes=fixes,
        others=others,
        false_addressed=sum(was and not push.fixes for push, was in closed) / others,
        false_open=sum(push.fixes and not was for push, was in closed) / fixes,
        wrong=tuple(
            f"{push.name}: {why}"
            for push, (state, why) in verdicts
            if push.fixes != (state is IssueState.ADDRESSED)
        ),
        states=frozenset(state for _push, (state, _why) in verdicts),
    )


def verdict(push: Push) -> tuple[IssueState, str]:
    issue = known(
        line=push.line, file=push.path, code=push.code, title=push.title,
        description=push.description,
    )  # fmt: skip
    base = dict.fromkeys(push.before, "\n")
    seen = Seen(
        head_sha=HEAD,
        diff=compare(base, push.after),
        since={issue.head_sha: compare(push.before, push.after)},
        lines={path: text.replace("\r", "").split("\n") for path, text in push.after.items()},
        panel=frozenset(issue.agents),
        finished=frozenset(issue.agents),
    )
    weighed = weigh([issue], seen)
    if weighed.closed:
        return weighed.closed[0].state, weighed.closed[0].reason
    return weighed.carried[0].state, weighed.carried[0].reason
