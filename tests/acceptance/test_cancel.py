"""``/harness cancel``: what runs is ended and said to have been, once, whatever crashes."""

import asyncio
import os
import signal

import pytest

from bot.publish.marker import read
from tests.acceptance.conftest import developer, reporting
from tests.acceptance.served import served
from tests.acceptance.test_review import BUGGY

STEPS = ["seen", "look", "end", "tell", "answer", "done"]


@pytest.fixture
async def busy(make_stage, desk):
    """A stage on which a review has begun, and waits."""
    stage = await make_stage(agents=[reporting("reader", desk)], sandbox="off")
    desk.hold("reader")
    pull = await stage.pull(BUGGY)
    await stage.begun(desk)
    return stage, pull


async def test_a_running_review_is_ended_and_the_check_says_by_whom(busy, desk):
    stage, pull = busy
    comment = await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    check = stage.check(pull)
    assert (check.status, check.conclusion) == ("completed", "cancelled")
    assert check.title == "cancelled by @ada"
    assert [run.state for run in await stage.runs(pull)] == ["cancelled"]
    assert "`ada` cancelled 1 review." in stage.answers(pull)[-1]
    assert stage.reactions(comment) == ["eyes", "rocket"]
    assert desk.alive == []
    assert stage.inline(pull) == []

    await desk.release()
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"


async def test_what_waits_is_ended_too(busy, desk):
    stage, pull = busy
    await stage.comment(pull, "/harness review", by="ada")
    await stage.github.settled()
    await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    assert "`ada` cancelled 2 reviews." in stage.answers(pull)[-1]
    assert len(desk.started) == 1


async def test_somebody_who_may_not_write_ends_nothing(busy, desk):
    stage, pull = busy
    comment = await stage.comment(pull, "/harness cancel", by="rita")

    async def refused():
        return "confused" in stage.reactions(comment) and bool(stage.answers(pull))

    await stage.until(refused, "it is refused")
    assert "needs write permission" in stage.answers(pull)[-1]
    assert stage.check(pull).status == "in_progress"
    await desk.release()
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "failure"


@pytest.mark.parametrize("closed", [False, True])
async def test_nothing_to_cancel_is_said(stage, closed):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    if closed:
        await stage.github.close_pull(pull)
        await stage.settled()
    comment = await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    assert "Nothing runs or waits here" in stage.answers(pull)[-1]
    assert stage.reactions(comment) == ["eyes", "confused"]
    assert stage.check(pull).conclusion == "failure"


async def test_asked_twice_at_once_it_is_ended_once_and_both_are_answered(busy):
    stage, pull = busy
    both = [await stage.github.comment(pull, "/harness cancel", by="ada") for _ in range(2)]
    await stage.settled()
    assert [stage.reactions(c)[0] for c in both] == ["eyes", "eyes"]
    first, second = stage.answers(pull)
    assert "`ada` cancelled 1 review." in first
    assert "Nothing runs or waits here" in second
    assert [run.state for run in await stage.runs(pull)] == ["cancelled"]


async def test_a_review_of_a_newer_head_after_it_is_left_alone(busy, desk):
    stage, pull = busy
    await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    await desk.release()
    await stage.push(pull, {"README.md": "# Words\n"})
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).conclusion == "failure"


async def test_a_running_repair_is_ended_and_nothing_is_pushed(make_stage, desk):
    stage = await make_stage(
        agents=[reporting("reader", desk)], developer=developer("repair", desk), sandbox="off"
    )
    desk.hold("repair")
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    head = pull.head_sha
    await stage.comment(pull, "/harness refactor", by="ada")
    await stage.begun(desk, times=2)
    await stage.comment(pull, "/harness cancel", by="ada")
    await stage.settled()
    assert "`ada` cancelled 1 repair." in stage.answers(pull)[-1]
    assert [run.state for run in await stage.runs(pull)] == ["finished", "cancelled"]
    assert pull.head_sha == head
    assert desk.alive == []
    # The verdict of the review stands.
    assert stage.check(pull).conclusion == "failure"


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_the_end_of_a_step_it_is_said_once(tmp_path, traffic, desk, step):
    async with served(tmp_path, [reporting("reader", desk)], traffic) as (github, harness):
        desk.hold("reader")
        repo = await github.create_repo("octo", "shop", {"app.py": "x = 1\n"})
        github.set_permission(repo, "ada", "write")
        await github.commit(repo, "change", BUGGY, author="ada")
        pull = await github.open_pull(repo, head="change", author="ada")

        async def begun():
            return bool(desk.started)

        await harness.until(begun, "the review began")
        comment = await github.comment(pull, "/harness cancel", by="ada")

        async def there():
            return harness.recorded(step)

        await harness.until(there, f"{step} is recorded")
        harness.kill()
        assert await harness.gone() == -signal.SIGKILL
        await harness.start()
        await harness.reviewed()

        async def over():
            faces = [reaction.content for reaction in comment.reactions]
            check = github.check(pull)
            return faces == ["eyes", "rocket"] and check and check.status == "completed"

        await harness.until(over, "it is over")
        await asyncio.sleep(0.5)  # time to do something twice
        check = github.check(pull)
        assert check is not None
        assert check.conclusion == "cancelled"
        said = [c.body for c in github.state.comments_of(pull) if c.user is github.bot]
        marks = [read(body) for body in said]
        assert [mark.kind for mark in marks if mark is not None] == ["reply"]
        assert "`ada` cancelled 1 review." in said[0]
        for pid in desk.alive:
            os.kill(pid, signal.SIGKILL)
