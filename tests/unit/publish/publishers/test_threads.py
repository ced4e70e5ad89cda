"""What becomes of an issue's thread when the issue is addressed, leaves, or comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import GitHubError
from bot.models import Decision, IssueState
from bot.models.github import Conclusion
from bot.publish.marker import Marker, read
from bot.publish.publisher import Publication, publishers
from tests.fakes.nouns import HEAD, added, closing, diff, issue, known, plan, result
from tests.fakes.repo_client import FakeRepoClient

GONE = closing(known("h-1"), reason="line 3 was rewritten, and claude looked again")
LEFT = closing(known("h-2"), IssueState.STALE, reason="app.py is no part of it any more")


def publication(*issues, closed=()):
    return Publication(
        plan=plan("claude"),
        result=replace(result(*issues), closed=tuple(closed)),
        decision=Decision(conclusion=Conclusion.SUCCESS, title="nothing to fix"),
    )


@pytest.fixture
async def client():
    """Comments about h-1 and h-2 stand there, and a comment of somebody else."""
    made = FakeRepoClient(diff(added("app.py", 60)))
    await publishers()["review"].publish(publication(issue("h-1", 3), issue("h-2", 5)), made)
    made.on_code.append(replace(made.on_code[0], id=5, author="ada"))
    return made


def publish(client, made):
    return publishers()["threads"].publish(made, client)


def thread(client, name):
    (first,) = [c for c in client.on_code if c.author == client.login and name in c.body]
    return first.id, client.answers.get(first.id, [])


async def test_addressed_is_said_with_the_commit_and_the_thread_resolved(client):
    done = await publish(client, publication(closed=[GONE, LEFT]))
    first, (answer,) = thread(client, "h-1")
    assert answer.body.startswith(f"Addressed in {HEAD[:7]}: line 3 was rewritten, and claude")
    assert read(answer.body) == Marker(kind="reply", issue="h-1", run=plan().run_id)
    second, (left,) = thread(client, "h-2")
    assert left.body.startswith("Left the pull request in ")
    assert client.resolved == {first, second}
    assert done.notes == ()


async def test_a_thread_with_a_human_s_words_is_answered_and_not_resolved(client):
    first, _ = thread(client, "h-1")
    client.human(first, "are you sure?")
    done = await publish(client, publication(closed=[GONE]))
    assert thread(client, "h-1")[1][-1].body.startswith("Addressed in ")
    assert client.resolved == set()
    assert done.notes == ()


async def test_where_threads_may_not_be_resolved_they_are_answered_and_the_summary_says_so(client):
    client.may_resolve = False
    done = await publish(client, publication(closed=[GONE]))
    assert len(thread(client, "h-1")[1]) == 1
    assert client.resolved == set()
    assert "the threads of h-1 were answered and left as they are" in done.notes[0]


async def test_what_comes_back_opens_its_thread_again(client):
    first, _ = thread(client, "h-1")
    client.resolved.add(first)
    back = replace(issue("h-1", 3), state=IssueState.REOPENED)
    await publish(client, publication(back))
    assert thread(client, "h-1")[1][0].body.startswith(f"Found again in {HEAD[:7]} by ")
    assert client.resolved == set()


async def test_new_and_persistent_issues_say_nothing(client):
    calls = len(client.calls)
    still = replace(issue("h-1", 3), state=IssueState.PERSISTENT)
    await publish(client, publication(still, issue("h-9", 9)))
    assert len(client.calls) == calls


async def test_a_person_s_thread_is_never_touched_even_with_our_marker_in_it(client):
    client.on_code = [c for c in client.on_code if c.author == "ada"]
    await publish(client, publication(closed=[GONE]))
    assert client.answers == {}
    assert client.resolved == set()


@pytest.mark.parametrize("method", ["reply_in_thread", "resolve_thread"])
async def test_an_answer_that_got_lost_is_not_given_twice(client, method):
    client.break_next(method, lost_answer=True)
    try:
        await publish(client, publication(closed=[GONE]))
    except GitHubError:
        assert method == "resolve_thread"
    await publish(client, publication(closed=[GONE]))
    assert len(thread(client, "h-1")[1]) == 1
    assert len(client.resolved) == 1


@pytest.mark.parametrize("method", ["reply_in_thread", "resolve_thread", "unresolve_thread"])
async def test_a_thread_that_is_deleted_under_our_hands_needs_nothing_more(client, method):
    first, _ = thread(client, "h-1")
    other, _ = thread(client, "h-2")
    client.resolved.add(other)
    client.break_next(method, GitHubError("no such thread", 404))
    back = replace(issue("h-2", 5), state=IssueState.REOPENED)
    done = await publish(client, publication(back, closed=[GONE]))
    assert done.notes == ()
    assert len(client.answers.get(other, [])) == 1  # the rest is done as ever
    assert (first in client.resolved) is (method != "resolve_thread")


async def test_an_answer_that_did_not_arrive_is_an_error(client):
    client.break_next("reply_in_thread")
    with pytest.raises(GitHubError, match="no answer came"):
        await publish(client, publication(closed=[GONE]))
    assert client.resolved == set()


async def test_the_next_run_that_closes_it_says_so_again(client):
    await publish(client, publication(closed=[GONE]))
    later = publication(closed=[GONE])
    await publish(client, replace(later, plan=replace(later.plan, run_id="r-NEXT")))
    assert len(thread(client, "h-1")[1]) == 2
