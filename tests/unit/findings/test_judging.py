"""What a judge can hold back, and what it cannot."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.findings.judging import candidates, hold_back, parse_judgement
from bot.models import IssueState, Rejection, Severity
from tests.fakes.nouns import finding, issue, result

ASKED = {"h-AAAA", "h-BBBB"}


def major(id="h-AAAA", **more):
    return issue(id, severity=Severity.MAJOR, **more)


def test_an_answer_names_ids_and_reasons():
    text = """I looked. {"summary": "one is wrong", "rejected": [
      {"id": "h-AAAA", "reason": "line 3 checks\\nit"}]}"""
    judgement = parse_judgement(text, ASKED)
    assert judgement.readable
    assert judgement.summary == "one is wrong"
    assert judgement.rejected == (Rejection(issue="h-AAAA", reason="line 3 checks it"),)


def test_a_bad_item_costs_only_itself():
    text = """{"rejected": [7, {}, {"id": "h-ZZZZ", "reason": "x"}, {"id": "h-AAAA"},
      {"id": "h-BBBB", "reason": "so"}, {"id": "h-BBBB", "reason": "again"}]}"""
    judgement = parse_judgement(text, ASKED)
    assert [item.issue for item in judgement.rejected] == ["h-BBBB"]
    assert judgement.problems == (
        "rejection 1: it is no object",
        "rejection 2: it names no issue",
        "rejection 3: it was not asked about 'h-ZZZZ'",
        "rejection 4: it gives no reason against h-AAAA",
        "rejection 6: h-BBBB is rejected twice",
    )


def test_problems_are_bounded():
    text = '{"rejected": [' + ",".join(["1"] * 500) + "]}"
    assert len(parse_judgement(text, ASKED).problems) == 20


def test_prose_and_other_shapes_are_no_judgement():
    for text in ("reject everything", '{"rejected": "all"}', '{"issues": []}', ""):
        assert not parse_judgement(text, ASKED).readable


def test_what_it_rejects_is_set_apart_with_its_reason():
    wrong, right = major("h-AAAA"), major("h-BBBB")
    found = result(wrong, right)
    decided = hold_back(found, [Rejection(issue="h-AAAA", reason="no")], by="judge", analyzers=())
    assert decided.issues == (right,)
    assert [(h.issue, h.reason, h.by) for h in decided.held] == [(wrong, "no", "judge")]
    assert decided.found == found.found


def test_agreement_analyzers_severity_and_history_outvote_a_judge():
    two = major(sources=(finding("claude"), finding("codex")))
    linted = major(sources=(finding("ruff"),))
    kept = [
        two,
        linted,
        issue("h-AAAA", severity=Severity.CRITICAL),
        major(state=IssueState.PERSISTENT),
        major(state=IssueState.REOPENED),
        major(state=IssueState.DISMISSED),
    ]
    for one in kept:
        assert candidates([one], {"ruff"}) == ()
        rejected = [Rejection(issue=one.id, reason="no")]
        decided = hold_back(result(one), rejected, by="judge", analyzers={"ruff"})
        assert (decided.issues, decided.held) == ((one,), ())


_issues = st.lists(
    st.builds(
        lambda severity, state, agents: (severity, state, agents),
        st.sampled_from(list(Severity)),
        st.sampled_from(list(IssueState)),
        st.lists(st.sampled_from(["claude", "codex", "ruff"]), min_size=1, max_size=3),
    ),
    max_size=8,
)


@given(_issues, st.sets(st.integers(0, 9)))
def test_no_issue_is_ever_lost_whatever_is_rejected(made, rejected):
    issues = [
        replace(
            issue(f"h-{n}", severity=severity, state=state),
            sources=tuple(finding(agent) for agent in agents),
        )
        for n, (severity, state, agents) in enumerate(made)
    ]
    claims = [Rejection(issue=f"h-{n}", reason="no") for n in rejected]
    decided = hold_back(result(*issues), claims, by="judge", analyzers={"ruff"})
    assert sorted([*(i.id for i in decided.issues), *(h.issue.id for h in decided.held)]) == [
        i.id for i in issues
    ]
    for held in decided.held:
        assert held.issue.severity is not Severity.CRITICAL
        assert len(held.issue.agents) == 1
        assert held.issue.agents != ("ruff",)


@given(st.text())
def test_no_text_makes_the_parser_raise(text):
    assert parse_judgement(text, ASKED).rejected == ()
