"""Who is asked to refute what, what an answer means, and that no issue gets lost over it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.findings.verifying import MAX_ASKED, candidates, parse_opinion, second, weigh
from bot.models import (
    Anchor,
    Finding,
    Issue,
    IssueState,
    Opinion,
    Placement,
    ReviewResult,
    Severity,
    Verified,
    VerifyMode,
)

PANEL = {"claude", "codex", "gemini", "ruff"}


def issue(name: str, *agents: str, state: IssueState = IssueState.NEW) -> Issue:
    return Issue(
        id=name,
        severity=Severity.MAJOR,
        title=name,
        description=name,
        file="app.py",
        anchor=Anchor(placement=Placement.FILE, path="app.py"),
        sources=tuple(
            Finding(agent=a, severity=Severity.MAJOR, file="app.py", description=name)
            for a in agents
        ),
        confidence=0.5,
        state=state,
    )


def asked(
    issues: list[Issue], mode: VerifyMode, finished: set[str] | None = None
) -> tuple[str, ...]:
    found = candidates(issues, mode, analyzers={"ruff"}, finished=finished or PANEL)
    return tuple(item.id for item in found)


ISSUES = [
    issue("alone", "claude"),
    issue("agreed", "claude", "codex"),
    issue("rule", "ruff"),
    issue("both", "claude", "ruff"),
    issue("old", "claude", state=IssueState.PERSISTENT),
    issue("gone", "claude", state=IssueState.DISMISSED),
]


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        (VerifyMode.OFF, ()),
        (VerifyMode.DISPUTED, ("alone",)),
        (VerifyMode.ALL, ("alone", "agreed")),
    ],
)
def test_only_new_opinions_are_asked_about(mode: VerifyMode, names: tuple[str, ...]) -> None:
    assert asked(ISSUES, mode) == names


def test_one_agent_alone_disputes_nothing() -> None:
    assert asked(ISSUES, VerifyMode.DISPUTED, {"claude", "ruff"}) == ()
    assert asked(ISSUES, VerifyMode.ALL, {"claude", "ruff"}) == ("alone", "agreed")
    assert asked(ISSUES, VerifyMode.DISPUTED, {"claude", "codex", "ruff"}) == ("alone",)


def test_the_most_severe_are_asked_about_where_there_are_many() -> None:
    many = [issue(f"h-{n}", "claude") for n in range(MAX_ASKED + 5)]
    assert asked(many, VerifyMode.ALL) == tuple(f"h-{n}" for n in range(MAX_ASKED))


def test_nobody_verifies_himself_and_they_take_turns() -> None:
    able = ["claude", "codex", "gemini"]
    chosen = [second(issue("x", "claude"), able, n) for n in range(4)]
    assert chosen == ["codex", "gemini", "codex", "gemini"]
    assert second(issue("x", *able), able, 0) is None
    assert second(issue("x", "claude"), ["claude"], 0) is None


@pytest.mark.parametrize(
    ("answer", "verified", "reason"),
    [
        ('{"verdict": "refuted", "reason": "line 3 checks it"}', "refuted", "line 3 checks it"),
        ('{"verdict": " Confirmed ", "reason": "x"}', "confirmed", "x"),
        ('{"verdict": "confirmed"}', "confirmed", ""),
        ('{"verdict": "refuted"}', "unknown", ""),  # what cannot be listed honestly is not held
        ('{"verdict": "refuted", "reason": 7}', "unknown", ""),
        ('{"verdict": "wrong", "reason": "x"}', "unknown", "x"),
        ("This is refuted, believe me.", "unknown", ""),
        ('{"verdict": "refuted", "reason": "a"} no: {"verdict": "unknown"}', "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_an_answer_is_read_and_doubt_is_unknown(answer: str, verified: str, reason: str) -> None:
    assert parse_opinion(answer, "h-1", "codex") == Opinion(
        issue="h-1", verified=Verified(verified), reason=reason, by="codex"
    )


def test_what_was_refuted_is_held_back_and_what_was_confirmed_is_surer() -> None:
    issues = (issue("a", "claude"), issue("b", "claude"), issue("c", "claude"), issue("d", "x"))
    result = ReviewResult(head_sha="h", base_sha="b", reports=(), issues=issues)
    after = weigh(
        result,
        [
            Opinion(issue="a", verified=Verified.REFUTED, reason="no", by="codex"),
            Opinion(issue="b", verified=Verified.CONFIRMED, reason="yes", by="codex"),
            Opinion(issue="c", verified=Verified.UNKNOWN, reason="", by="codex"),
        ],
    )
    (held,) = after.held
    assert (held.issue.id, held.reason, held.by) == ("a", "no", "codex")
    assert [(i.id, i.confidence, i.verified.value) for i in after.issues] == [
        ("b", 0.75, "confirmed"),
        ("c", 0.5, "unknown"),
        ("d", 0.5, "not asked"),
    ]
    assert after.issues[0].notes == ("codex was asked to refute it and confirmed it: yes",)
    assert after.issues[1].notes == ("codex was asked to refute it and could not tell",)


opinions = st.builds(
    Opinion,
    issue=st.sampled_from([i.id for i in ISSUES] + ["h-nobody"]),
    verified=st.sampled_from(Verified),
    reason=st.text(max_size=5),
    by=st.sampled_from(sorted(PANEL)),
)


@given(st.lists(opinions, max_size=10))
def test_whatever_is_said_no_issue_is_lost_and_old_ones_stay(said: list[Opinion]) -> None:
    result = ReviewResult(head_sha="h", base_sha="b", reports=(), issues=tuple(ISSUES))
    after = weigh(result, said)
    there = [i.id for i in after.issues] + [h.issue.id for h in after.held]
    assert sorted(there) == sorted(i.id for i in ISSUES)
    old = [i for i in ISSUES if i.state is not IssueState.NEW]
    assert [i for i in after.issues if i.state is not IssueState.NEW] == old


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(["verdict", "reason"]), st.none()))
def test_nothing_breaks_the_reader(text: str, values: dict[str, None]) -> None:
    said = parse_opinion(text + json.dumps(values), "h-1", "codex")
    assert said.verified is Verified.UNKNOWN


def test_an_issue_without_a_confidence_stays_without() -> None:
    bare = replace(issue("a", "claude"), confidence=None)
    result = ReviewResult(head_sha="h", base_sha="b", reports=(), issues=(bare,))
    said = Opinion(issue="a", verified=Verified.CONFIRMED, reason="", by="codex")
    assert weigh(result, [said]).issues[0].confidence is None
