"""kill -9 in the middle of a repair, and a restart: nobody works twice, one commit, one answer."""

import asyncio
import os
import random
import signal

import pytest

from bot.publish.marker import read
from tests.acceptance.conftest import developer, scripted
from tests.acceptance.served import served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BASE = "def one():\n    return 1\n"
BUGGY = {"app.py": BASE + "x = y  # BUG alpha\n", "other.py": "a = b  # BUG beta\n"}
ROUNDS = ["execute", "review 1 agent reader", "review 1 merge", "refactor 1"]
STEPS = [
    "seen", "plan", *ROUNDS, "test 2", "review 2 merge", "keep", "push", "verify", "answer",
    "finish", "done",
]  # fmt: skip
OF_A_REVIEW_TOO = ("plan", "finish")
RANDOM_MOMENTS = 50
SECONDS = 3.0
"""A repair takes about as long."""


@pytest.fixture
async def both(tmp_path, traffic, desk):
    """The developer mends one file in each of its turns, so there are two rounds."""
    agents, dev = [scripted("reader")], developer("half", desk)
    async with served(tmp_path, agents, traffic, dev) as (github, harness):
        yield github, harness
    for pid in desk.alive:
        os.kill(pid, signal.SIGKILL)


async def reviewed_pull(github, harness):
    repo = await github.create_repo("octo", "shop", {"app.py": BASE, "other.py": "a = 1\n"})
    github.set_permission(repo, "ada", "write")
    await github.commit(repo, "change", BUGGY, author="ada")
    pull = await github.open_pull(repo, head="change", author="ada")
    await harness.reviewed()
    await github.settled()
    await asyncio.sleep(1.05)
    return repo, pull


async def delivered_again(github):
    """What harness could not hear while it was dead, such as its own push, somebody sends again."""
    await github.settled()
    for delivery in list(github.state.deliveries):
        if delivery.status_code != 202 and not delivery.redelivery:
            github.deliveries.redeliver(delivery)


async def repaired_once(github, harness, repo, pull, head):
    """Two runs of reviews and one repair have ended: and what people see of it, they see once."""
    await delivered_again(github)
    await harness.reviewed(times=3)
    await github.settled()
    log = await github.git.text(repo.path, "log", "--format=%H", "main..change")
    assert log.split() == [pull.head_sha, head]
    for name, line in (("app.py", "x = mended(y)"), ("other.py", "a = mended(b)")):
        assert line in await github.git.text(repo.path, "show", f"change:{name}")
    about = [read(c.body) for c in github.state.comments_of(pull) if c.user is github.bot]
    assert sorted(mark.kind for mark in about if mark is not None) == ["reply", "summary"]
    assert len(about) == 2
    (check,) = github.state.checks_of(repo, pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "success")


def not_again(started, turns):
    """Whose turn was recorded is not asked again. The first is given both issues, the second one.

    A developer that was at work when harness was killed may report after that.
    """
    given = [issues.split(",") for _name, issues in started]
    if "execute" in turns:
        assert not any(len(issues) > 1 for issues in given)
    if "refactor 1" in turns:
        assert given == []


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_the_end_of_a_step(both, desk, step):
    github, harness = both
    repo, pull = await reviewed_pull(github, harness)
    head = pull.head_sha
    await github.comment(pull, "/harness refactor", by="ada")

    async def there():
        return harness.recorded(step, 2 if step in OF_A_REVIEW_TOO else 1)

    await harness.until(there, f"{step} is recorded")
    turns = [name for name in ("execute", "refactor 1") if harness.recorded(name)]
    harness.kill()
    assert await harness.gone() == -signal.SIGKILL
    before = len(desk.started)
    await harness.start()
    await repaired_once(github, harness, repo, pull, head)
    not_again(desk.started[before:], turns)
    assert desk.alive == []


@pytest.mark.parametrize("seed", range(RANDOM_MOMENTS))
async def test_killed_at_a_random_moment(both, desk, seed):
    github, harness = both
    repo, pull = await reviewed_pull(github, harness)
    head = pull.head_sha
    await github.comment(pull, "/harness refactor", by="ada")
    await github.settled()  # GitHub does not deliver again what was not acknowledged
    moment = random.Random(seed).uniform(0, SECONDS)  # noqa: S311  # the same in every run
    await asyncio.sleep(moment)
    harness.kill()
    assert await harness.gone() == -signal.SIGKILL
    turns = [name for name in ("execute", "refactor 1") if harness.recorded(name)]
    before = len(desk.started)
    await harness.start()
    await repaired_once(github, harness, repo, pull, head)
    not_again(desk.started[before:], turns)
    assert desk.alive == []


async def test_killed_while_the_developer_works_it_begins_again_on_the_same_tree(both, desk):
    github, harness = both
    repo, pull = await reviewed_pull(github, harness)
    head = pull.head_sha
    desk.hold("half")
    await github.comment(pull, "/harness refactor", by="ada")

    async def at_work():
        return len(desk.started) == 1

    await harness.until(at_work, "the developer works")
    harness.kill()
    await harness.gone()
    await harness.start()
    await desk.release()
    await repaired_once(github, harness, repo, pull, head)
    assert [name for name, _given in desk.started] == ["half"] * 3
    assert desk.overlaps == []
