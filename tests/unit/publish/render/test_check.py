"""The check run's words and marks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.findings.policy import decide
from bot.models import (
    Decision,
    FailOn,
    IssueState,
    Repo,
    ReportState,
    RunRecord,
    RunState,
    Severity,
    Side,
)
from bot.models.github import Conclusion
from bot.publish.publisher import Publication
from bot.publish.render import check as render
from bot.publish.render.summary import summary as in_comment
from tests.fakes.nouns import HEAD, anchor_at, finding, issue, plan, report, result


def publication(*issues, **more):
    found = result(*issues)
    decision = decide(found.reports, found.issues, (), FailOn.MAJOR, head_sha=HEAD)
    return Publication(plan=plan("claude"), result=found, decision=decision, **more)


def test_at_the_start():
    assert render.in_progress(plan("claude", "ruff")) == snapshot(
        ("claude and ruff reading 9be0d13", "2 agents read this commit. The verdict follows here.")
    )
    assert render.in_progress(plan("ruff")) == snapshot(
        ("ruff reading 9be0d13", "One agent reads this commit. The verdict follows here.")
    )
    assert render.in_progress(plan()) == snapshot(("starting", "The verdict follows here."))


def test_while_agents_read():
    agents = [("claude-code", "reading", 130.0), ("codex", "done", 0.0), ("ruff", "done", 0.2)]
    assert render.progress(agents) == snapshot("claude-code reading (2:10), codex done, ruff done")
    assert render.progress([]) == "starting"


class TestACrowdInTheTitle:
    def crowd(self, **counts):
        return [
            (f"agent-{doing}-{n:02}", doing, 65.0 if doing == "reading" else 0.0)
            for doing, count in counts.items()
            for n in range(count)
        ]

    def test_those_at_work_are_named_and_the_others_counted(self):
        title = render.progress(self.crowd(done=30, waiting=20, reading=3))
        assert title == snapshot(
            "agent-reading-00 reading (1:05), agent-reading-01 reading (1:05), agent-reading-02 reading (1:05), agent-done-00 done, agent-done-01 done, agent-done-02 done, agent-done-03 done, 26 more done, 20 more waiting"
        )

    def test_more_at_work_than_fit_are_counted_too(self):
        title = render.progress(self.crowd(reading=100))
        assert title == snapshot(
            "agent-reading-00 reading (1:05), agent-reading-01 reading (1:05), agent-reading-02 reading (1:05), agent-reading-03 reading (1:05), agent-reading-04 reading (1:05), agent-reading-05 reading (1:05), 94 more reading"
        )

    def test_names_that_never_fit_are_numbers(self):
        agents = [("n" * 300, "reading", 1.0), ("m" * 300, "done", 0.0)]
        assert render.progress(agents) == "1 reading, 1 done"

    @settings(max_examples=50)
    @given(
        st.lists(
            st.tuples(
                st.text(min_size=1, max_size=60),
                st.sampled_from(["waiting", "reading", "done", "failed"]),
                st.floats(0, 1e6),
            ),
            max_size=60,
        )
    )
    def test_it_is_short_enough_for_github_whoever_reads(self, agents):
        assert len(render.progress(agents)) <= 255

    def test_every_agent_is_counted_once(self):
        for count in range(1, 80):
            title = render.progress(self.crowd(reading=count, done=count))
            named = title.count("agent-")
            counted = sum(int(n) for n in re.findall(r"(?:^|, )(\d+) (?:more )?[rd]", title))
            assert named + counted == 2 * count


def test_afterwards():
    summary, text = render.texts(
        publication(issue(), issue("h-2", 9, severity=Severity.MINOR), summary_url="https://x.y/1")
    )
    assert summary == snapshot("""\
**1 to fix before merging · 1 minor**

found 2 = 0 inline + 0 file + 2 summary + 0 merged

[The summary](https://x.y/1)\
""")
    assert text == snapshot("""\
- h-7KQ2 · critical · `app.py:22` (no comment) · `eval` runs whatever the caller sends
- h-2 · minor · `app.py:9` (no comment) · `eval` runs whatever the caller sends\
""")


def test_titles_are_short_and_carry_no_secret():
    long = Decision(conclusion=Conclusion.FAILURE, title="x @a <b> hunter2hunter " * 40)
    assert len(render.title(long, ["hunter2hunter"])) <= 255
    assert "hunter2" not in render.title(long, ["hunter2hunter"])


def test_without_a_review():
    decision = decide((), (), (), FailOn.MAJOR, trouble="base and head share no commit")
    assert render.without_review(plan("claude"), decision) == snapshot("""\
**could not review: base and head share no commit**

A maintainer can ask for a review with the comment `/harness review`.\
""")


def test_without_a_review_of_an_outsider():
    made = plan(withheld=("claude",), approved=False)
    decision = decide((), (), (), FailOn.MAJOR, withheld=made.withheld, approved=False)
    assert render.without_review(made, decision) == snapshot("""\
**waits for a maintainer's approval**

- claude waits for a maintainer

**claude has not read this**: the pull request's author has no write permission here. A maintainer can have exactly this commit read with the comment `/harness review`.

A maintainer can ask for a review with the comment `/harness review`.\
""")


def test_cancelled():
    assert render.cancelled("superseded by 4f2c1aa") == snapshot(
        ("superseded by 4f2c1aa", "superseded by 4f2c1aa. This commit has no verdict.")
    )


class TestMarks:
    def test_a_mark_on_the_lines(self):
        (mark,) = render.marks(
            publication(issue(end_line=24, sources=(finding("b"), finding("a"))))
        )
        assert (mark.path, mark.start_line, mark.end_line, mark.level) == (
            "app.py",
            22,
            24,
            "failure",
        )
        assert mark.title == "`eval` runs whatever the caller sends"
        assert mark.message.endswith("\n\nh-7KQ2 · critical · found by a and b")

    def test_what_does_not_fail_is_a_warning(self):
        (mark,) = render.marks(publication(issue(severity=Severity.MINOR)))
        assert mark.level == "warning"

    def test_only_lines_of_the_head_can_be_marked(self):
        left = issue(side=Side.LEFT, anchor=anchor_at(22, side=Side.LEFT))
        bytes_ = issue("h-4", file="caf\udce9.py")
        dismissed = issue("h-3", state=IssueState.DISMISSED)
        assert render.marks(publication(left, issue("h-2", None), dismissed, bytes_)) == ()

    def test_plain_words_without_secrets(self):
        said = "<b> hunter2hunter \u202e"
        marked = publication(issue(title=said, description=said), secrets=("hunter2hunter",))
        (mark,) = render.marks(marked)
        assert mark.title == "<b> [redacted] \\u202e"
        assert mark.message.startswith("<b> [redacted] \\u202e\n")


class TestOverflow:
    def publication(self, count, **more):
        issues = [
            issue(f"h-{n:05}", n + 1, title=f"{n} " + "<&_" * 20, file="d/" * 60 + "f.py")
            for n in range(count)
        ]
        return publication(*issues, **more)

    def test_what_the_comment_leaves_out_comes_first(self):
        found = self.publication(400, summary_url="https://x.y/1")
        summary, text = render.texts(found)
        comment = in_comment(found)
        assert not text.startswith("- h-00000 ")
        assert max(len(summary), len(text)) <= 65_535
        for n in range(400):
            assert any(f"h-{n:05}" in written for written in (comment, text, summary))

    def test_a_comment_that_was_never_posted_names_nothing(self):
        summary, text = render.texts(self.publication(300))
        assert text.startswith("- h-00000 ")
        assert all(f"h-{n:05}" in text + summary for n in range(300))

    def test_what_no_text_can_hold_is_counted(self):
        summary, text = render.texts(self.publication(2000))
        assert len(summary) <= 65_535
        assert len(text) <= 65_535
        assert summary.endswith("more issues: see the page of this run.")

    def test_a_lead_that_is_too_long_is_the_numbers(self):
        reports = tuple(
            report(f"agent-{n}" * 4, ReportState.FAILED, reason="<" * 900) for n in range(400)
        )
        found = result(reports=reports)
        decision = decide(reports, (), (), FailOn.MAJOR)
        summary, _ = render.texts(Publication(plan=plan("claude"), result=found, decision=decision))
        assert summary == "found 0 = 0 inline + 0 file + 0 summary + 0 merged"


class TestMergeQueue:
    RUN = RunRecord(
        id="r-1",
        job_id="j",
        repo=Repo(owner="o", name="r"),
        number=7,
        head_sha=HEAD,
        base_sha="b",
        trigger="push",
        state=RunState.FINISHED,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        conclusion="success",
        title="nothing to fix in 9be0d13",
    )

    def test_the_verdict_is_repeated(self):
        assert render.merge_group(7, self.RUN) == snapshot(
            (
                "nothing to fix in 9be0d13",
                "The verdict of pull request 7 on 9be0d13, repeated: nothing to fix in 9be0d13.",
            )
        )

    def test_there_is_none(self):
        assert render.merge_group(7, None) == snapshot(
            (
                "not reviewed",
                "Pull request 7 has no finished review of the commit it has now. Comment `/harness review` there.",
            )
        )
        assert render.merge_group(None, None)[1].startswith("The pull request has no")
