"""The check run over its life."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.findings.policy import decide
from bot.models import CHECK_NAME, Annotation, FailOn, Repo, RunRecord, RunState
from bot.publish.check import cancel_check, close_check, find_check, open_check
from tests.fakes.nouns import HEAD, plan, report
from tests.fakes.repo_client import FakeRepoClient

PLAN = plan("claude", details_url="https://h.example/runs/r-1")
CLEAN = decide((report("claude"),), (), (), FailOn.MAJOR, head_sha=HEAD)
RUN = RunRecord(
    id=PLAN.run_id,
    job_id="j",
    repo=Repo(owner="o", name="r"),
    number=7,
    head_sha=HEAD,
    base_sha="b",
    trigger="push",
    state=RunState.RUNNING,
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def marks(count):
    return tuple(
        Annotation(path="a", start_line=n, end_line=n, level="warning", message="m", title=f"{n}")
        for n in range(1, count + 1)
    )


async def test_it_is_in_progress_at_once_with_a_link():
    client = FakeRepoClient()
    posted = await open_check(client, PLAN)
    assert (posted.name, posted.head_sha, posted.status) == (CHECK_NAME, HEAD, "in_progress")
    assert posted.external_id == PLAN.run_id
    assert client.stored_checks[0].check.details_url == PLAN.details_url


async def test_opening_it_again_finds_it():
    client = FakeRepoClient()
    assert await open_check(client, PLAN) == await open_check(client, PLAN)
    assert len(client.stored_checks) == 1


async def test_another_runs_check_is_not_ours():
    client = FakeRepoClient()
    await open_check(client, plan("claude", run_id="r-OTHER"))
    await open_check(client, PLAN)
    assert len(client.stored_checks) == 2
    await close_check(client, PLAN, CLEAN)
    assert [s.posted.status for s in client.stored_checks] == ["in_progress", "completed"]


async def test_it_is_closed_with_the_verdict():
    client = FakeRepoClient()
    await open_check(client, PLAN)
    posted = await close_check(client, PLAN, CLEAN, summary="s", text="t")
    (stored,) = client.stored_checks
    assert (posted.status, posted.conclusion) == ("completed", "success")
    assert (stored.check.title, stored.check.summary) == ("nothing to fix in 9be0d13", "s")
    assert stored.check.text == "t"


async def test_without_a_summary_the_reason_is_the_summary():
    client = FakeRepoClient()
    decision = decide((), (), (), FailOn.MAJOR, skip_reason="this is a draft")
    await close_check(client, PLAN, decision)
    (stored,) = client.stored_checks
    assert stored.posted.conclusion == "neutral"
    assert stored.check.summary.startswith("**skipped: this is a draft**")


async def test_a_check_that_was_never_opened_is_created_closed():
    client = FakeRepoClient()
    assert (await close_check(client, PLAN, CLEAN)).status == "completed"
    assert client.stored_checks[0].requests == 1


async def test_many_marks_in_batches_and_the_conclusion_with_the_last():
    client = FakeRepoClient()
    await open_check(client, PLAN)
    await close_check(client, PLAN, CLEAN, annotations=marks(120))
    (stored,) = client.stored_checks
    assert stored.annotations == list(marks(120))
    assert stored.requests == 4


async def test_exactly_one_batch_is_one_request():
    client = FakeRepoClient()
    await close_check(client, PLAN, CLEAN, annotations=marks(50))
    assert client.stored_checks[0].requests == 1


async def test_it_goes_on_where_it_was():
    client = FakeRepoClient()
    first = await open_check(client, PLAN)
    half = client.stored_checks[0].check

    await client.update_check(first.id, replace(half, annotations=marks(50)))
    await close_check(client, PLAN, CLEAN, annotations=marks(70))
    assert client.stored_checks[0].annotations == list(marks(70))


async def test_a_closed_check_is_left_alone():
    client = FakeRepoClient()
    await close_check(client, PLAN, CLEAN)
    await close_check(client, PLAN, CLEAN, annotations=marks(3))
    await cancel_check(client, RUN, "superseded")
    (stored,) = client.stored_checks
    assert (stored.requests, stored.posted.conclusion) == (1, "success")


async def test_a_run_that_was_ended_does_not_look_busy():
    client = FakeRepoClient()
    await open_check(client, PLAN)
    posted = await cancel_check(client, RUN, "superseded by 4f2c1aa")
    assert posted.conclusion == "cancelled"
    assert client.stored_checks[0].check.title == "superseded by 4f2c1aa"


async def test_the_newest_counts_should_there_be_two():
    client = FakeRepoClient()
    one = await open_check(client, PLAN)
    two = await client.create_check(client.stored_checks[0].check)
    assert one.id < two.id
    assert await find_check(client, HEAD, PLAN.run_id) == two
    assert await find_check(client, "other", PLAN.run_id) is None
