"""Deliveries, buttons and comments in any order: the newest head always gets its verdict."""

from tests.acceptance.conftest import scripted
from tests.acceptance.test_review import BUGGY


async def slow(make_stage):
    return await make_stage(agents=[scripted("reader", "slow", 1.5)], sandbox="off")


def delivery(stage, action):
    """The payload of the first such delivery."""
    found = (d for d in stage.github.state.deliveries if d.payload.get("action") == action)
    return next(d.payload for d in found)


async def test_a_delivery_that_comes_late_costs_the_newest_head_no_verdict(make_stage):
    stage = await slow(make_stage)
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    await stage.push(pull, BUGGY)
    await stage.check_says(pull, "in_progress")
    stage.github.deliveries.send("pull_request", delivery(stage, "opened"))
    await stage.reviewed(pull, times=3)
    assert (stage.check(pull).status, stage.check(pull).conclusion) == ("completed", "failure")
    assert await stage.harness.store.unfinished_runs() == []
    assert {check.status for check in stage.checks(pull, pull.head_sha)} == {"completed"}


async def test_a_delivery_that_comes_after_the_verdict_changes_nothing(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    await stage.push(pull, BUGGY)
    await stage.reviewed(pull, times=2)
    stage.github.deliveries.send("pull_request", delivery(stage, "opened"))
    await stage.settled()
    assert len(await stage.runs(pull)) == 2
    assert stage.check(pull).conclusion == "failure"


async def test_rerun_of_an_older_head_ends_no_review_of_the_newest(make_stage):
    stage = await slow(make_stage)
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    old = stage.check(pull)
    await stage.push(pull, BUGGY)
    await stage.check_says(pull, "in_progress")
    await stage.github.rerequest_check(old, by="ada")
    await stage.reviewed(pull, times=2)
    assert [run.state for run in await stage.runs(pull)] == ["finished", "finished"]
    assert stage.check(pull).conclusion == "failure"
