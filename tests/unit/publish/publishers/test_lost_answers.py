"""An answer of GitHub that got lost: what stands on the pull request tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import GitHubError
from bot.models import Decision, Placement
from bot.models.github import Conclusion
from bot.publish.marker import Marker, write
from bot.publish.publisher import Publication, publishers
from tests.fakes.nouns import added, anchor_at, diff, issue, plan, result
from tests.fakes.repo_client import FakeRepoClient

METHODS = {
    "review": "create_review",
    "files": "create_file_comment",
    "summary": "create_issue_comment",
}
ISSUES = (issue("h-1", 3), issue("h-2", 5), issue("h-3", 90, anchor=anchor_at()))


@pytest.fixture
def client():
    return FakeRepoClient(diff(added("app.py", 60)))


def publication(**more):
    return Publication(
        plan=plan("claude"),
        result=result(*ISSUES),
        decision=Decision(conclusion=Conclusion.FAILURE, title="3 to fix before merging"),
        **more,
    )


def publish(name, client):
    return publishers()[name].publish(publication(), client)


@pytest.mark.parametrize("name", METHODS)
async def test_it_was_posted(name, client):
    client.break_next(METHODS[name], lost_answer=True)
    done = await publish(name, client)
    assert done == await publish(name, client)
    assert len(client.reviews_made) <= 1
    assert len(client.conversation) <= 1
    assert done.placements or done.summary_url


@pytest.mark.parametrize("name", METHODS)
async def test_it_was_not_posted(name, client):
    client.break_next(METHODS[name])
    with pytest.raises(GitHubError, match="no answer came"):
        await publish(name, client)


@pytest.mark.parametrize("name", METHODS)
async def test_another_error_is_not_looked_behind(name, client):
    client.break_next(METHODS[name], GitHubError("forbidden", 403), lost_answer=True)
    with pytest.raises(GitHubError, match="forbidden"):
        await publish(name, client)


async def test_comments_of_a_review_are_on_their_lines(client):
    done = await publish("review", client)
    assert done.placements == {"h-1": Placement.INLINE, "h-2": Placement.INLINE}
    assert [(c.path, c.line) for c in client.on_code] == [("app.py", 3), ("app.py", 5)]
    assert set(done.urls) == {"h-1", "h-2"}


async def test_one_refused_line_costs_no_other_comment(client):
    client.refused = {("app.py", 5)}
    done = await publish("review", client)
    assert done.moved == ("h-2",)
    assert done.placements == {"h-1": Placement.INLINE}


async def test_the_summary_is_edited_when_it_says_something_else(client):
    await publish("summary", client)
    changed = publication(notes=("something new",))
    await publishers()["summary"].publish(changed, client)
    assert client.edits == 1
    assert "something new" in client.conversation[0].body


async def test_line_ends_alone_are_no_change(client):

    await publish("summary", client)
    (comment,) = client.conversation
    client.conversation = [replace(comment, body=comment.body.replace("\n", "\r\n") + "\r\n")]
    await publish("summary", client)
    assert client.edits == 0


async def test_an_answer_of_ours_in_a_thread_is_no_comment_about_an_issue(client):
    body = f"words\n{write(Marker(kind='reply', issue='h-1', run='42'))}"
    client.on_code = [client._comment(body, path="app.py", line=3)]
    done = await publish("review", client)
    assert done.placements == {"h-1": Placement.INLINE, "h-2": Placement.INLINE}
    assert len(client.on_code) == 3
