"""Deliveries, buttons and comments in any order: the newest head always gets its verdict."""

import pytest

from bot.demo.faults import Fault
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


async def test_a_maintainer_may_ask_again_for_an_outsiders_head_that_could_not_be_reviewed(stage):
    repo, github = await stage.repository(), stage.github
    await github.git.commit(
        repo.path, "orphan", BUGGY, message="All new", author="rita", when=github.now(), parent=None
    )
    pull = await github.open_pull(repo, head="orphan", author="rita")
    assert (await stage.reviewed(pull)).state == "failed"
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    assert stage.answers(pull) == []


async def test_a_merge_queue_hears_of_the_last_run_also_if_it_could_not_review(stage):
    pull = await stage.pull({"app.py": "x = 1\n"})
    await stage.reviewed(pull)
    assert stage.check(pull).conclusion == "success"
    stage.github.faults.fail(
        Fault(method="POST", path="/repos/.*/check-runs", status=422, message="Validation Failed")
    )
    await stage.github.rerequest_check(stage.check(pull), by="ada")
    assert (await stage.reviewed(pull, times=2)).state == "failed"
    group = await stage.github.queue_merge(pull)
    await stage.settled()
    (check,) = stage.github.state.checks_of(stage.repo(pull), group)
    assert check.conclusion == "action_required"


@pytest.mark.parametrize("trick", [{"base": "almost"}, {"base": "almost", "draft": True}])
async def test_a_second_pull_request_of_the_same_head_turns_no_failing_check_green(stage, trick):
    repo, github = await stage.repository(), stage.github
    await github.commit(repo, "change", BUGGY, author="rita")
    almost = await github.git.text(repo.path, "rev-parse", "refs/heads/change")
    await github.set_branch(repo, "almost", almost, by="ada")
    await github.commit(repo, "change", {"ok.py": "x = 1\n"}, author="rita")
    first = await github.open_pull(repo, head="change", author="ada")
    await stage.reviewed(first)
    assert stage.check(first).conclusion == "failure"
    second = await github.open_pull(repo, head="change", author="ada", **trick)
    run = await stage.reviewed(second)
    assert run.conclusion == ("neutral" if "draft" in trick else "success")
    assert stage.check(second).external_id == run.id
    assert stage.check(second).conclusion == "failure"
    assert "pull request 1 has the same commit: 1 to fix" in stage.check(second).title

    await github.close_pull(first)
    await stage.comment(second, "/harness review", by="ada")
    await stage.reviewed(second, times=2)
    assert stage.check(second).conclusion == "success"
