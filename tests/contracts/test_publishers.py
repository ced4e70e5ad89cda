"""What every publisher keeps to, and what they keep to together."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import GitHubError
from bot.findings.policy import decide
from bot.guard import Failed, guard
from bot.models import IssueState, Placement, RepoConfig, Severity
from bot.publish import marker
from bot.publish.publisher import Publication, Publisher, failed, ordered, publishers
from tests.fakes.nouns import (
    HEAD,
    added,
    anchor_at,
    closing,
    diff,
    finding,
    issue,
    known,
    plan,
    report,
    result,
)
from tests.fakes.repo_client import LOGIN, FakeRepoClient

FOUND = publishers()
DIFF = diff(added("app.py", 60), added("util.py", 60))


def on_lines(n, **more):
    return issue(f"h-{n:04}", n + 1, title=f"Problem number {n}", **more)


def on_file(n):
    return issue(f"h-F{n:03}", 90 + n, title=f"File problem {n}", anchor=anchor_at(path="util.py"))


def elsewhere(n):
    place = anchor_at(path="other.py")
    return issue(
        f"h-S{n:03}",
        file="other.py",
        anchor=type(place)(placement=Placement.SUMMARY, path="other.py"),
    )


def publication(*issues, config=None, **more):
    reports = (report("claude", report("x").state, *(s for i in issues for s in i.sources)),)
    made = plan("claude", config=config or RepoConfig())
    decision = decide(reports, issues, (), made.fail_on, head_sha=HEAD)
    return Publication(
        plan=made, result=result(*issues, reports=reports), decision=decision, **more
    )


async def publish_all(publication, client):
    """As the recipe does it: in order, one that fails is told by the next."""
    for publisher in ordered(FOUND.values()):
        done = await guard("test", publisher.publish(publication, client))
        publication = (
            failed(publication, publisher, done.reason)
            if isinstance(done, Failed)
            else publication.after(done)
        )
    return publication


def state(client):
    """Everything that people can see."""
    return (
        [(c.id, c.body) for c in client.conversation],
        [(c.id, c.body) for c in client.on_code],
        [r.id for r in client.reviews_made],
        [(s.posted, s.check, tuple(s.annotations)) for s in client.stored_checks],
    )


def summary_of(client):
    (comment,) = client.conversation
    return comment.body


MIXED = (on_lines(1), on_lines(2), on_file(1), elsewhere(1))


@pytest.mark.parametrize("publisher", FOUND.values(), ids=FOUND)
class TestEach:
    def test_it_has_a_name_and_a_stage(self, publisher):
        assert isinstance(publisher, Publisher)
        assert publisher.name == publisher.name.lower().strip()
        assert publisher.stage > 0

    async def test_a_replay_posts_nothing_twice(self, publisher):
        client = FakeRepoClient(DIFF)
        first = await publisher.publish(publication(*MIXED), client)
        before = state(client)
        again = await publisher.publish(publication(*MIXED), client)
        assert state(client) == before
        assert again == first

    async def test_nothing_found_is_no_error(self, publisher):
        await publisher.publish(publication(), FakeRepoClient(DIFF))

    async def test_what_others_posted_with_our_marker_is_not_ours(self, publisher):
        honest, forged = FakeRepoClient(DIFF), FakeRepoClient(DIFF, login="mallory")
        await publish_all(publication(*MIXED), forged)
        stranger = FakeRepoClient(DIFF)
        stranger.conversation = list(forged.conversation)
        stranger.on_code = list(forged.on_code)
        one = await publisher.publish(publication(*MIXED), honest)
        other = await publisher.publish(publication(*MIXED), stranger)
        assert one.placements == other.placements
        assert len(honest.calls) == len(stranger.calls)
        assert all(c.author == "mallory" for c in stranger.conversation[:1])

    @pytest.mark.parametrize(
        "method",
        ["create_review", "create_file_comment", "create_issue_comment", "create_check"],
    )
    async def test_a_lost_answer_is_read_back_or_raised_and_never_doubles(self, publisher, method):
        client = FakeRepoClient(DIFF)
        client.break_next(method, lost_answer=True)
        await guard("test", publisher.publish(publication(*MIXED), client))
        await publisher.publish(publication(*MIXED), client)
        marks = Counter(
            (mark.kind, mark.issue)
            for mark, _comment in marker.own([*client.conversation, *client.on_code], LOGIN)
        )
        assert not marks or max(marks.values()) == 1
        assert len(client.stored_checks) <= 1


class TestTogether:
    async def test_every_issue_is_where_the_numbers_say(self):
        client = FakeRepoClient(DIFF)
        done = await publish_all(publication(*MIXED), client)
        assert done.placements == {
            "h-0001": Placement.INLINE, "h-0002": Placement.INLINE, "h-F001": Placement.FILE,
        }  # fmt: skip
        assert "found 4 = 2 inline + 1 file + 1 summary + 0 merged" in summary_of(client)
        assert len(client.reviews_made) == 1
        (check,) = client.stored_checks
        assert check.posted.conclusion == "failure"
        assert len(check.annotations) == 4

    async def test_the_whole_again_changes_nothing(self):
        client = FakeRepoClient(DIFF)
        first = await publish_all(publication(*MIXED), client)
        before = state(client)
        assert await publish_all(publication(*MIXED), client) == first
        assert state(client) == before
        assert client.edits == 0

    async def test_a_crash_after_any_request_posts_nothing_twice(self):
        whole = FakeRepoClient(DIFF)
        await publish_all(publication(*MIXED), whole)
        for number, _call in enumerate(whole.calls):
            client = FakeRepoClient(DIFF)
            await self.crash_after(client, number)
            await publish_all(publication(*MIXED), client)
            assert sorted(c.body for c in client.on_code) == sorted(c.body for c in whole.on_code)
            assert len(client.conversation) == len(client.stored_checks) == 1
            assert client.stored_checks[0].check == whole.stored_checks[0].check

    async def crash_after(self, client, number):
        """The process dies once so many requests were answered."""

        class Dead(BaseException):
            pass

        remember = client._call

        def call(name):
            if len(client.calls) > number:
                raise Dead
            return remember(name)

        client._call = call
        with suppress(Dead):
            await publish_all(publication(*MIXED), client)
        client._call = remember

    @pytest.mark.parametrize("broken", FOUND)
    async def test_one_that_fails_leaves_the_others_at_work(self, broken):
        methods = {
            "review": "create_review",
            "files": "create_file_comment",
            "summary": "create_issue_comment",
            "check_run": "create_check",
            "threads": "threads",
        }
        client = FakeRepoClient(DIFF)
        await publish_all(publication(on_lines(9)), client)
        client.break_next(methods[broken], GitHubError("no", 500))
        client.conversation.clear()
        client.stored_checks.clear()
        client.reviews_made.clear()
        gone = closing(known("h-0009"))
        made = publication(*MIXED)
        await publish_all(replace(made, result=replace(made.result, closed=(gone,))), client)
        posted = {
            "review": len(client.reviews_made),
            "files": sum("kind=file" in c.body for c in client.on_code),
            "summary": len(client.conversation),
            "check_run": len(client.stored_checks),
            "threads": len(client.resolved),
        }
        assert posted == {name: int(name != broken) for name in FOUND}

    async def test_what_a_failed_publisher_did_not_post_is_in_the_summary(self):
        client = FakeRepoClient(DIFF)
        client.break_next("create_review", GitHubError("no way", 500))
        await publish_all(publication(*MIXED), client)
        assert "Note: review could not be posted: no way" in summary_of(client)
        assert "found 4 = 0 inline + 1 file + 3 summary + 0 merged" in summary_of(client)

    async def test_lines_that_github_refuses_become_file_comments(self):
        client = FakeRepoClient(DIFF)
        client.refused = {("app.py", 3), ("app.py", 6)}
        issues = [on_lines(n) for n in range(1, 9)]
        done = await publish_all(publication(*issues), client)
        places = Counter(done.placements.values())
        assert places == {Placement.INLINE: 6, Placement.FILE: 2}
        assert done.placements["h-0002"] is done.placements["h-0005"] is Placement.FILE
        assert "found 8 = 6 inline + 2 file + 0 summary + 0 merged" in summary_of(client)
        assert "GitHub took no comment on the lines of h-0002, h-0005" in summary_of(client)

    async def test_files_that_github_refuses_are_listed(self):
        client = FakeRepoClient(DIFF)
        client.refused = {("app.py", 3), ("app.py", None), ("util.py", None)}
        await publish_all(publication(*MIXED), client)
        assert "found 4 = 1 inline + 0 file + 3 summary + 0 merged" in summary_of(client)
        assert "on the files of h-0002, h-F001" in summary_of(client)

    async def test_at_most_so_many_comments_the_severest_first(self):
        client = FakeRepoClient(DIFF)
        issues = [on_lines(n) for n in range(1, 5)]
        done = await publish_all(publication(*issues, config=RepoConfig(max_comments=2)), client)
        assert sorted(done.placements) == ["h-0001", "h-0002"]
        assert "found 4 = 2 inline + 0 file + 2 summary + 0 merged" in summary_of(client)
        assert "(no comment)" in summary_of(client)

    async def test_a_next_push_comments_only_on_what_is_new(self):
        client = FakeRepoClient(DIFF)
        await publish_all(publication(*MIXED), client)
        bodies = [c.body for c in client.on_code]
        old = [replace(i, state=IssueState.PERSISTENT) for i in MIXED]
        done = await publish_all(publication(*old, on_lines(7)), client)
        assert [c.body for c in client.on_code][: len(bodies)] == bodies
        assert len(client.on_code) == len(bodies) + 1
        assert len(client.conversation) == 1
        assert client.edits == 1
        assert "found 5 = 3 inline + 1 file + 1 summary + 0 merged" in summary_of(client)
        assert done.urls["h-0001"].startswith("https://github.example/")

    async def test_a_thousand_issues_are_all_named_somewhere(self):
        client = FakeRepoClient(DIFF)
        issues = [
            issue(
                f"h-{n:05}", 1 + n % 50, title=f"{n} " + "<&_`" * 14, severity=Severity.MINOR,
                sources=(finding(line=1 + n % 50),),
            )
            for n in range(1000)
        ]  # fmt: skip
        await publish_all(publication(*issues), client)
        (check,) = client.stored_checks
        seen = summary_of(client) + check.check.summary + check.check.text
        assert all(i.id in seen for i in issues)
        assert len(check.annotations) == 1000
        assert len({a.message.rsplit("\n", 1)[1] for a in check.annotations}) == 1000
        assert check.requests == 20
        assert "found 1000 = 12 inline + 0 file + 988 summary + 0 merged" in summary_of(client)

    async def test_marks_on_lines_are_not_doubled_by_a_crash_between_requests(self):
        client = FakeRepoClient(DIFF)
        issues = [on_lines(n % 50) for n in range(120)]
        client.break_next("update_check", GitHubError("no", 500))
        await publish_all(publication(*issues), client)
        assert client.stored_checks[0].posted.status == "in_progress"
        await publish_all(publication(*issues), client)
        (check,) = client.stored_checks
        assert (check.posted.status, len(check.annotations)) == ("completed", 120)


hostile = st.text(alphabet="ab @#<>/!-[]()`~\n\\*_|\u202e", max_size=60)


@given(title=hostile, text=hostile, agent=hostile.filter(str.strip), place=st.integers(0, 2))
async def test_hostile_words_cannot_forge_or_lose_a_marker(title, text, agent, place):
    source = finding(agent, 2, text or "x", title=title)
    made = (on_lines(1), on_file(1), elsewhere(1))[place]
    hurt = replace(made, title=title or "x", description=text or "x", sources=(source,))
    client = FakeRepoClient(DIFF)
    await publish_all(publication(hurt), client)
    before = state(client)
    await publish_all(publication(hurt), client)
    assert state(client) == before
    for comment in [*client.conversation, *client.on_code]:
        assert comment.body.count("<!--") == 1
