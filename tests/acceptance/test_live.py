"""What people see of a run while it runs."""

import pytest

from bot.publish import progress
from tests.acceptance.conftest import reporting, scripted
from tests.acceptance.test_review import BUGGY


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.05)


async def test_the_checks_title_tells_who_reads_and_afterwards_the_verdict_stays(
    make_stage, desk, eager
):
    desk.hold("slow")
    agents = [reporting("slow", desk), scripted("quick")]
    stage = await make_stage(agents=agents, sandbox="off")
    pull = await stage.pull(BUGGY)

    async def told():
        check = stage.github.check(pull)
        return check is not None and check.title in (
            "slow reading, quick done",
            *(f"slow reading (0:0{n}), quick done" for n in range(10)),
        )

    await stage.until(told, "the check says that one reads and one is done")
    assert stage.check(pull).status == "in_progress"
    await desk.release()
    await stage.reviewed(pull)
    check = stage.check(pull)
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert check.title == "1 to fix before merging"
    assert len(stage.checks(pull, pull.head_sha)) == 1


async def test_a_dry_run_touches_no_check(make_stage, eager):
    stage = await make_stage(agents=[scripted("reader", "slow", 0.3)], sandbox="off", dry_run=True)
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    assert stage.github.check(pull) is None


async def test_the_events_of_a_run_are_in_its_log(stage):
    pull = await stage.pull(BUGGY)
    run = await stage.reviewed(pull)
    events = await stage.harness.store.events(run.id)
    assert [type(logged.event).__name__ for logged in events] == [
        "Started",
        "AssistantText",
        "Finished",
    ]
    assert {logged.agent for logged in events} == {"reader"}
