"""The verdict."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product

import pytest

from bot.findings import policy
from bot.findings.policy import ROWS, Fact, choose, decide, table_markdown
from bot.models import Conclusion, FailOn, IssueState, ReportState, Severity
from tests.fakes.nouns import HEAD, issue, known, report

FINISHED, FAILED = ReportState.FINISHED, ReportState.FAILED
CLEAN = (report("claude"), report("ruff"))
RATE = report("codex", FAILED, kind="rate limit", reason="rate limit: 429 after 3 tries")
SLOW = report("gemini", FAILED, kind="timeout", reason="timeout")
IDLE = report("gemini", FAILED, kind="idle", reason="idle")
BROKE = report(
    "codex", ReportState.NOT_STARTED, kind="over budget", reason="over budget: $5.00 of $5.00"
)
STOPPED = report("codex", ReportState.CANCELLED)
OPTIONAL = report("codex", FAILED, kind="crashed", required=False)
MAJOR, MINOR = issue("h-1", severity=Severity.MAJOR), issue("h-2", severity=Severity.MINOR)


def verdict(reports=CLEAN, issues=(), carried=(), fail_on=FailOn.MAJOR, **more):
    decision = decide(reports, issues, carried, fail_on, **({"head_sha": HEAD} | more))
    return decision.conclusion.value, decision.title


class TestWords:
    def test_clean(self):
        assert verdict() == ("success", "nothing to fix in 9be0d13")
        assert verdict(head_sha="") == ("success", "nothing to fix in this commit")
        assert verdict(unread=1) == (
            "success", "nothing to fix in 9be0d13 · 1 file could not be read",
        )  # fmt: skip

    def test_findings(self):
        found = (MAJOR, issue("h-3"), MINOR)
        assert verdict(issues=found) == ("failure", "2 to fix before merging · 1 minor")

    def test_findings_below_the_bar(self):
        assert verdict(issues=(MINOR, MINOR)) == (
            "success", "nothing to fix before merging · 2 minor",
        )  # fmt: skip

    def test_every_bar(self):
        found = (issue("h-0"), MAJOR, MINOR)
        assert verdict(issues=found, fail_on=FailOn.MINOR)[1] == "3 to fix before merging"
        assert (
            verdict(issues=found, fail_on=FailOn.CRITICAL)[1]
            == "1 to fix before merging · 1 major · 1 minor"
        )
        assert verdict(issues=found, fail_on=FailOn.NEVER) == (
            "success", "nothing to fix before merging · 1 critical · 1 major · 1 minor",
        )  # fmt: skip

    def test_over_budget(self):
        assert verdict((*CLEAN, BROKE)) == (
            "action_required", "incomplete: codex is over budget",
        )  # fmt: skip
        assert verdict((*CLEAN, SLOW, BROKE, replace(BROKE, agent="opencode"))) == (
            "action_required",
            "incomplete: gemini did not finish, codex and opencode are over budget",
        )
        assert verdict((BROKE,))[1] == "could not review: codex is over budget"
        assert verdict((*CLEAN, BROKE), issues=(MAJOR,)) == (
            "failure", "1 to fix before merging · incomplete: codex is over budget",
        )  # fmt: skip

    def test_what_did_not_start_is_not_told_as_begun(self):
        reasons = decide((*CLEAN, BROKE), (), (), FailOn.MAJOR).reasons
        assert reasons == ("codex did not start (over budget: $5.00 of $5.00)",)

    def test_superseded(self):
        assert verdict(head_is_newest=False) == ("cancelled", "superseded by a newer commit")

    def test_skipped(self):
        assert verdict((), skip_reason="this is a draft") == ("neutral", "skipped: this is a draft")

    def test_could_not(self):
        said = verdict((), trouble="base and head share no commit")
        assert said == ("action_required", "could not review: base and head share no commit")

    def test_an_agent_missing(self):
        assert verdict((*CLEAN, RATE)) == ("action_required", "incomplete: codex did not finish")
        assert verdict((*CLEAN, RATE), (MINOR,)) == (
            "action_required", "incomplete: codex did not finish · 1 minor",
        )  # fmt: skip

    def test_everybody_missing(self):
        assert verdict((RATE, SLOW)) == (
            "action_required", "could not review: codex and gemini did not finish",
        )  # fmt: skip

    def test_out_of_time(self):
        for slow in (SLOW, IDLE):
            assert verdict((*CLEAN, slow)) == ("timed_out", "out of time: gemini did not finish")
        assert verdict((*CLEAN, SLOW, RATE))[0] == "action_required"

    def test_findings_of_an_incomplete_review(self):
        assert verdict((*CLEAN, RATE), (MAJOR,)) == (
            "failure", "1 to fix before merging · incomplete: codex did not finish",
        )  # fmt: skip

    def test_cancelled(self):
        assert verdict((*CLEAN, STOPPED)) == ("cancelled", "cancelled")

    def test_an_optional_agent_fails_nobody(self):
        assert verdict((*CLEAN, OPTIONAL)) == ("success", "nothing to fix in 9be0d13")
        assert verdict((OPTIONAL,)) == ("action_required", "nobody reviewed it")

    def test_no_agent_at_all(self):
        assert verdict(()) == ("action_required", "nobody reviewed it")

    def test_an_outsider_waits(self):
        waits = {"withheld": ("claude", "codex"), "approved": False}
        assert verdict((report("ruff"),), **waits) == (
            "action_required", "waits for a maintainer's approval",
        )  # fmt: skip
        assert verdict((), **waits)[1] == "waits for a maintainer's approval"
        assert verdict((report("ruff"),), (MAJOR,), **waits)[0] == "failure"

    def test_an_approved_outsider(self):
        assert verdict(withheld=("codex",), approved=True)[0] == "success"


class TestReasons:
    def reasons(self, reports=CLEAN, **more):
        return decide(reports, (), (), FailOn.MAJOR, **more).reasons

    def test_who_did_not_finish_required_ones_first(self):
        assert self.reasons((OPTIONAL, SLOW, RATE)) == (
            "codex did not finish (rate limit: 429 after 3 tries)",
            "gemini did not finish (timeout)",
            "codex did not finish",
        )

    def test_who_waits(self):
        waits = {"approved": False}
        assert self.reasons(withheld=("a", "b", "c"), **waits) == (
            "a, b and c wait for a maintainer",
        )
        assert self.reasons(withheld=("a",), **waits) == ("a waits for a maintainer",)

    def test_why_nothing_was_reviewed(self):
        assert self.reasons((), skip_reason="a draft") == ("a draft",)
        assert self.reasons((), trouble="the commit is gone") == ("the commit is gone",)


class TestWhatIsOpen:
    @pytest.mark.parametrize("state", IssueState)
    def test_closed_states_fail_nothing(self, state):
        closed = state in (IssueState.DISMISSED, IssueState.ADDRESSED, IssueState.STALE)
        expected = "success" if closed else "failure"
        assert verdict(issues=(issue(state=state),))[0] == expected
        assert verdict(carried=(known(state=state),))[0] == expected

    def test_what_stays_from_before_counts(self):
        reports = (report("ruff"), report("claude", FAILED, kind="crashed", required=False))
        decision = decide(reports, (MINOR,), (known(), known("h-9")), FailOn.MAJOR)
        assert decision.failing == 2
        assert decision.title.startswith("2 to fix before merging · 1 minor")


class TestTheTable:
    def test_every_cell(self):
        """Whatever is true, the first row that holds decides."""
        conclusions = {
            Fact.SUPERSEDED: "cancelled",
            Fact.SKIPPED: "neutral",
            Fact.TROUBLE: "action_required",
            Fact.BLOCKING: "failure",
            Fact.CANCELLED: "cancelled",
            Fact.FAILED: "action_required",
            Fact.TIMED_OUT: "timed_out",
            Fact.WAITS: "action_required",
            Fact.NOBODY: "action_required",
        }
        assert set(conclusions) == set(Fact)
        every = chain.from_iterable(combinations(Fact, n) for n in range(len(Fact) + 1))
        for facts in every:
            row = choose(set(facts))
            first = next((fact for fact in conclusions if fact in facts), None)
            assert row.when is first
            assert row.conclusion.value == (conclusions[first] if first else "success")

    def test_success_only_when_every_required_agent_finished_and_nothing_is_open(self):
        panels = [(), CLEAN, (RATE,), (SLOW,), (STOPPED,), (OPTIONAL,), (*CLEAN, RATE),
                  (*CLEAN, SLOW), (*CLEAN, STOPPED), (*CLEAN, OPTIONAL)]  # fmt: skip
        for reports, found, carried, newest, skip, trouble, approved in product(
            panels, ((), (MAJOR,), (MINOR,)), ((), (known(),)), *([(True, False)] * 4)
        ):
            conclusion, title = verdict(
                reports,
                found,
                carried,
                head_is_newest=newest,
                skip_reason="a draft" if skip else "",
                trouble="it is gone" if trouble else "",
                withheld=() if approved else ("codex",),
                approved=approved,
            )
            required = [r for r in reports if r.required]
            complete = bool(reports) and all(r.state is FINISHED for r in required)
            somebody = any(r.state is FINISHED for r in reports)
            good = newest and not skip and not trouble and approved and complete and somebody
            blocked = found == (MAJOR,) or bool(carried)
            assert (conclusion == "success") == (good and not blocked), title
            assert title

    def test_the_table_of_the_documentation(self):
        assert table_markdown() in policy.__doc__
        assert table_markdown().count("\n") == len(ROWS) + 1

    def test_every_conclusion_is_reachable(self):
        assert {row.conclusion for row in ROWS} == set(Conclusion)
