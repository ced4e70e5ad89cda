"""The publication and the order in which it is published."""

from __future__ import annotations

from dataclasses import replace

from bot.models import Anchor, Decision, IssueState, Placement, RepoConfig
from bot.models.github import Conclusion
from bot.publish.publisher import Publication, Published, failed, ordered, publishers
from tests.fakes.nouns import anchor_at, issue, plan, result

INLINE, FILE, SUMMARY = Placement.INLINE, Placement.FILE, Placement.SUMMARY


def publication(*issues, limit=12, **more):
    return Publication(
        plan=plan("claude", config=RepoConfig(max_comments=limit)),
        result=result(*issues),
        decision=Decision(conclusion=Conclusion.SUCCESS, title="x"),
        **more,
    )


def test_comments_before_the_summary_and_the_check_last():
    assert [p.name for p in ordered(publishers().values())][-2:] == ["summary", "check_run"]


class TestPlanned:
    ISSUES = (
        issue("h-1"),
        issue("h-2", anchor=anchor_at()),
        issue("h-3", anchor=Anchor(placement=SUMMARY)),
        issue("h-4", state=IssueState.PERSISTENT),
        issue("h-5"),
    )

    def test_new_issues_get_a_comment_where_they_can(self):
        planned = publication(*self.ISSUES).planned()
        assert planned == {"h-1": INLINE, "h-2": FILE, "h-5": INLINE}

    def test_at_most_so_many_in_the_order_of_the_issues(self):
        assert publication(*self.ISSUES, limit=2).planned() == {"h-1": INLINE, "h-2": FILE}
        assert publication(*self.ISSUES, limit=0).planned() == {}

    def test_refused_lines_move_to_the_file(self):
        assert publication(*self.ISSUES, moved=("h-5",)).planned()["h-5"] is FILE


class TestAfter:
    def test_what_was_confirmed_adds_up(self):
        done = (
            publication(issue("h-1"), issue("h-2"))
            .after(Published(placements={"h-1": INLINE}, urls={"h-1": "u"}, moved=("h-2",)))
            .after(Published(placements={"h-2": FILE}, notes=("n",), summary_url="s"))
            .after(Published())
        )
        assert done.placements == {"h-1": INLINE, "h-2": FILE}
        assert (done.urls, done.moved, done.notes) == ({"h-1": "u"}, ("h-2",), ("n",))
        assert done.summary_url == "s"

    def test_a_failure_is_a_note_and_confirms_nothing(self):
        done = failed(publication(issue("h-1")), publishers()["review"], "no answer")
        assert done.notes == ("review could not be posted: no answer",)
        assert done.placement(issue("h-1")) is SUMMARY

    def test_the_store_is_told_of_this_runs_issues_only(self):
        done = publication(issue("h-1"), placements={"h-1": INLINE, "h-9": FILE})
        assert done.posted == {"h-1": INLINE}
        assert replace(done, placements={}).posted == {}
