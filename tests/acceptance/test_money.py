"""What one approval of an outsider's head pays for."""

from bot.tasks.plan import RUNS_OF_AN_APPROVAL
from tests.acceptance.test_people import both
from tests.acceptance.test_review import BUGGY


async def test_closing_and_reopening_does_not_spend_for_ever(make_stage):
    stage = await both(make_stage)
    pull = await stage.pull(BUGGY, author="rita")
    await stage.reviewed(pull)
    await stage.comment(pull, "/harness review", by="ada")
    await stage.reviewed(pull, times=2)
    for number in range(RUNS_OF_AN_APPROVAL + 2):
        await stage.github.close_pull(pull, by="rita")
        await stage.settled()
        await stage.github.reopen_pull(pull, by="rita")
        await stage.reviewed(pull, times=3 + number)
    reports = [await stage.harness.store.agent_reports(run.id) for run in await stage.runs(pull)]
    paid = sum(report.agent == "reader" for run in reports for report in run)
    assert paid == RUNS_OF_AN_APPROVAL
    assert stage.check(pull).conclusion in ("action_required", "failure")


async def test_a_late_closed_does_not_end_a_reopened_pull_request(stage):
    pull = await stage.pull(BUGGY)
    await stage.reviewed(pull)
    pull.state = "open"
    await stage.github.emit_pull("closed", pull, pull.user)
    await stage.reviewed(pull, times=2)
    assert stage.check(pull).status == "completed"
    assert stage.check(pull).conclusion == "failure"
    assert len(stage.inline(pull)) == 1
