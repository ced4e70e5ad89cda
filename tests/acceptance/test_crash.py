"""kill -9 at every kind of moment of a review, and a restart: all told once, nothing left over."""

import asyncio
import json
import os
import signal
import time

import pytest

from bot.publish.marker import read
from tests.acceptance.conftest import reporting, scripted
from tests.acceptance.served import served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

LONG = "def one():\n    return 1\n" + "\n" * 30
AGENTS = ("quick", "late")
MOMENTS = {
    "the plan is being made": ("GET", "/permission"),
    "the check appeared": ("POST", "/check-runs"),
    "comments are being looked for": ("GET", "/pulls/1/comments"),
    "the review was posted": ("POST", "/pulls/1/reviews"),
    "the comment on the file was posted": ("POST", "/pulls/1/comments"),
    "the summary is being looked for": ("GET", "/issues/1/comments"),
    "the summary was posted": ("POST", "/issues/1/comments"),
    "the check was completed": ("PATCH", "/check-runs/"),
}


@pytest.fixture
async def both(tmp_path, traffic, desk):
    """GitHub and a served harness with two agents that report and one that looks far away."""
    issue = {"severity": "minor", "file": "app.py", "line": 1, "description": "far from all that"}
    words = tmp_path / "answer.txt"
    words.write_text(json.dumps({"issues": [issue]}))
    agents = [*(reporting(name, desk) for name in AGENTS), scripted("talker", "talk", words)]
    async with served(tmp_path, agents, traffic) as (github, harness):
        yield github, harness
    for pid in desk.alive:
        os.kill(pid, signal.SIGKILL)


async def opened(github):
    repo = await github.create_repo("octo", "shop", {"app.py": LONG})
    github.set_permission(repo, "ada", "write")
    await github.commit(repo, "change", {"app.py": LONG + "x = 1  # BUG alpha\n"}, author="ada")
    return await github.open_pull(repo, head="change", author="ada")


def marker(comment):
    found = read(comment.body)
    assert found is not None
    return found


def told_once(github, pull):
    """One review, one comment for each issue, one summary, one check."""
    state, repo = github.state, github.state.repositories[pull.repo_id]
    assert len([review for review in state.reviews_of(pull) if review.body]) == 1
    about = [marker(comment) for comment in github.review_comments(pull)]
    assert sorted(mark.kind for mark in about) == ["file", "inline"]
    assert len({mark.issue for mark in about}) == 2
    assert [marker(comment).kind for comment in state.comments_of(pull)] == ["summary"]
    (check,) = state.checks_of(repo, pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert [note["path"] for note in check.annotations] == ["app.py", "app.py"]


def begun(desk):
    return sorted(name for name, _head in desk.started)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_when(both, desk, moment):
    github, harness = both
    method, end = MOMENTS[moment]
    harness.kill_when(lambda e: e.method == method and end in e.path)
    pull = await opened(github)
    async with asyncio.timeout(40):
        await harness.killed.wait()
    assert await harness.gone() == -signal.SIGKILL
    await harness.start()
    await harness.reviewed()
    await github.settled()
    told_once(github, pull)
    assert begun(desk) == sorted(AGENTS)
    assert len(await harness.runs()) == 1
    assert desk.alive == []


THREAD_MOMENTS = {
    "the threads are being looked for": ("POST", "/graphql", 1),
    "the answer was given": ("POST", "/replies", 1),
    "the thread was resolved": ("POST", "/graphql", 2),
}


@pytest.mark.parametrize("moment", THREAD_MOMENTS)
async def test_killed_while_a_fixed_issue_is_told(both, desk, moment):
    github, harness = both
    pull = await opened(github)
    await harness.reviewed()
    method, end, times = THREAD_MOMENTS[moment]
    harness.kill_when(lambda e: e.method == method and end in e.path, times=times)
    repo = github.state.repositories[pull.repo_id]
    await github.push(repo, pull.head_ref, {"app.py": LONG + "x = 2\n"}, by="ada")
    async with asyncio.timeout(40):
        await harness.killed.wait()
    assert await harness.gone() == -signal.SIGKILL
    await harness.start()
    await harness.reviewed(times=2)
    await github.settled()
    ended = [t for t in github.state.threads_of(pull) if t.resolved_by is github.bot]
    (first, *answers) = github.state.comments_in(ended[0])
    assert len(ended) == 1
    assert "alpha" in first.body
    assert [answer.body.split(" ")[0] for answer in answers] == ["Addressed"]


async def test_killed_as_soon_as_the_delivery_is_acknowledged(both, desk):
    github, harness = both
    pull = await opened(github)
    await github.settled()
    harness.kill()
    await harness.gone()
    await harness.start()
    await harness.reviewed()
    told_once(github, pull)
    assert len(await harness.runs()) == 1


async def test_killed_while_agents_read_only_the_unfinished_one_reads_again(both, desk):
    github, harness = both
    desk.hold("late")
    pull = await opened(github)

    async def half_done():
        return "late" in begun(desk) and harness.recorded("agent quick")

    await harness.until(half_done, "one agent is done and the other reads")
    harness.kill()
    await harness.gone()
    left = desk.alive
    await harness.start()
    await desk.release()
    await harness.reviewed()
    told_once(github, pull)
    assert begun(desk) == ["late", "late", "quick"]
    assert len(left) == 1
    assert (desk.overlaps, desk.alive) == ([], [])
    assert [name for name, _head in desk.ended].count("late") == 1


async def test_killed_and_pushed_to_meanwhile_only_the_new_head_is_spoken_of(both, desk):
    github, harness = both
    desk.hold("late")
    pull = await opened(github)

    async def reading():
        return "late" in begun(desk)

    await harness.until(reading, "an agent reads")
    old, repo = pull.head_sha, github.state.repositories[pull.repo_id]
    harness.kill()
    await harness.gone()
    await github.push(repo, "change", {"new.py": "y = 1  # BUG beta\n"}, by="ada")
    await github.settled()
    await harness.start()
    await desk.release()
    lost = next(d for d in github.state.deliveries if d.action == "synchronize")
    assert lost.status_code == 502
    github.deliveries.redeliver(lost)

    async def both_known():
        return len(await harness.runs()) == 2

    await harness.until(both_known, "the redelivered push is known")
    await harness.reviewed()
    assert {r.commit_id for r in github.state.reviews_of(pull)} == {pull.head_sha}
    (before,) = github.state.checks_of(repo, old)
    (after,) = github.state.checks_of(repo, pull.head_sha)
    assert (before.status, before.conclusion) == ("completed", "cancelled")
    assert (after.status, after.conclusion) == ("completed", "failure")
    assert (desk.overlaps, desk.alive) == ([], [])


async def test_told_to_stop_it_stops_at_once_and_goes_on_after_the_restart(both, desk):
    github, harness = both
    desk.hold("late")
    pull = await opened(github)

    async def half_done():
        return "late" in begun(desk) and harness.recorded("agent quick")

    await harness.until(half_done, "one agent is done and the other reads")
    began = time.monotonic()
    assert await harness.terminate() == 0
    assert time.monotonic() - began < 10
    assert desk.alive == []
    (check,) = github.state.checks_of(github.state.repositories[pull.repo_id], pull.head_sha)
    assert check.status == "in_progress"
    await harness.start()
    await desk.release()
    await harness.reviewed()
    told_once(github, pull)
    assert begun(desk) == ["late", "late", "quick"]
