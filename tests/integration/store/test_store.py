"""What is stored is found again, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.errors import TryLater
from bot.models import (
    AgentReport,
    AgentRun,
    AgentStatus,
    Anchor,
    AssistantText,
    Delivery,
    FieldValue,
    Finding,
    Issue,
    IssueState,
    Placement,
    Repo,
    ReportState,
    RunRecord,
    RunState,
    Severity,
    Side,
    Tokens,
)
from bot.store import Store, sqlite_url
from bot.store.deliveries import SQLITE_INSERT, SQLITE_PLACEHOLDERS, sqlite_row

REPO = Repo(owner="octo", name="hello")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOSTILE = "caf\udce9\x00\x1a\ud83d/\N{PARTY POPPER}'\"\\%_\n.py"


def delivery(name: str = "d1", fields: Mapping[str, FieldValue] | None = None) -> Delivery:
    return Delivery(
        id=name, event="pull_request", action="opened", fields=fields or {}, received_at=NOON
    )


def run(
    name: str, *, number: int = 7, head: str = "h1", repo: Repo = REPO, minute: int = 0
) -> RunRecord:
    return RunRecord(
        id=name,
        job_id=f"{name}:0",
        repo=repo,
        number=number,
        head_sha=head,
        base_sha="b",
        trigger="opened",
        state=RunState.RUNNING,
        started_at=NOON + timedelta(minutes=minute),
        installation_id=2**40,
    )


def issue(name: str, *, line: int | None = 3, state: IssueState = IssueState.NEW) -> Issue:
    source = Finding(
        agent="ruff",
        severity=Severity.MAJOR,
        file=HOSTILE,
        description=HOSTILE,
        line=line,
        confidence=0.25,
    )
    return Issue(
        id=name,
        severity=Severity.MAJOR,
        title=HOSTILE,
        description=HOSTILE,
        file=HOSTILE,
        anchor=Anchor(placement=Placement.INLINE, path=HOSTILE, line=line),
        sources=(source,),
        line=line,
        end_line=line,
        side=Side.LEFT,
        suggestion="s",
        replacement="",
        category="security",
        confidence=0.25,
        state=state,
        code=HOSTILE,
    )


# -------------------------------------------------------------------------------- deliveries


async def test_a_delivery_comes_back(store: Store) -> None:
    given = delivery(HOSTILE, {"comment.body": HOSTILE, "installation.id": 2**40})
    await store.add_deliveries([given])
    assert await store.pending_deliveries(10) == [given]


async def test_a_known_id_keeps_its_first_record(store: Store) -> None:
    first = delivery("d1", {"n": 1})
    await store.add_deliveries([first, delivery("d1", {"n": 2})])
    await store.add_deliveries([delivery("d1", {"n": 3})])
    assert await store.pending_deliveries(10) == [first]


async def test_pending_ones_come_in_the_order_of_arrival(store: Store) -> None:
    for name in ("c", "a", "b"):
        await store.add_deliveries([delivery(name)])
    assert [d.id for d in await store.pending_deliveries(2)] == ["c", "a"]
    await store.mark_dispatched("c", ["c:0", "c:1"])
    assert [d.id for d in await store.pending_deliveries(10)] == ["a", "b"]


async def test_what_became_of_a_delivery(store: Store) -> None:
    await store.add_deliveries([delivery("d1")])
    waiting = await store.delivery("d1")
    assert waiting is not None
    assert (waiting.dispatched_at, waiting.jobs, waiting.error) == (None, (), "")
    await store.mark_dispatched("d1", ["d1:0"], error="half of it")
    done = await store.delivery("d1")
    assert done is not None
    assert (done.jobs, done.error, done.received_at) == (("d1:0",), "half of it", NOON)
    assert done.dispatched_at is not None
    assert done.dispatched_at.tzinfo is UTC
    assert await store.delivery("d2") is None


async def test_old_dispatched_deliveries_can_be_dropped(store: Store) -> None:
    await store.add_deliveries([delivery("done"), delivery("waiting")])
    await store.mark_dispatched("done", [])
    assert await store.forget_deliveries(NOON) == 0
    assert await store.forget_deliveries(NOON + timedelta(seconds=1)) == 1
    assert await store.delivery("done") is None
    assert await store.delivery("waiting") is not None


async def test_the_front_doors_own_insert_writes_the_same_row(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path))
    given = delivery(HOSTILE, {"comment.body": HOSTILE, "number": 4})
    connection = sqlite3.connect(tmp_path / "harness.sqlite", isolation_level=None)
    connection.execute(SQLITE_INSERT + SQLITE_PLACEHOLDERS, sqlite_row(given, NOON))
    assert await store.pending_deliveries(10) == [given]
    await store.add_deliveries([Delivery(id="x", event="e", fields=given.fields, received_at=NOON)])
    rows = connection.execute("SELECT fields, received_at FROM deliveries").fetchall()
    assert rows[0] == rows[1]
    connection.close()
    await store.close()


# -------------------------------------------------------------------------------------- runs


async def test_a_run_comes_back(store: Store) -> None:
    await store.add_run(run("r1"))
    assert await store.run("r1") == run("r1")
    assert await store.run("r2") is None


async def test_adding_a_run_again_does_not_undo_its_end(store: Store) -> None:
    await store.add_run(run("r1"))
    await store.finish_run("r1", RunState.FINISHED, "success", "Nothing found", NOON)
    await store.add_run(run("r1"))
    found = await store.run("r1")
    assert found is not None
    assert (found.state, found.conclusion, found.title, found.finished_at) == (
        RunState.FINISHED,
        "success",
        "Nothing found",
        NOON,
    )


async def test_runs_are_listed_newest_first(store: Store) -> None:
    for name, number in (("r1", 1), ("r2", 2), ("r3", 1)):
        await store.add_run(run(name, number=number))
    await store.add_run(run("r4", repo=Repo(owner="octo", name="other")))
    assert [r.id for r in await store.runs(3)] == ["r4", "r3", "r2"]
    assert [r.id for r in await store.runs(9, REPO)] == ["r3", "r2", "r1"]
    assert [r.id for r in await store.runs(9, REPO, 1)] == ["r3", "r1"]


async def test_the_newest_finished_run_is_by_its_end(store: Store) -> None:
    for name in ("first", "early", "late", "running", "cancelled"):
        await store.add_run(run(name))
    # It could not review, and said so: its word about the head counts.
    await store.finish_run("first", RunState.FAILED, "", "", NOON + timedelta(minutes=3))
    await store.finish_run("late", RunState.FINISHED, "", "", NOON + timedelta(minutes=9))
    await store.finish_run("early", RunState.FINISHED, "", "", NOON + timedelta(minutes=5))
    await store.finish_run("cancelled", RunState.CANCELLED, "", "", NOON + timedelta(minutes=10))

    async def newest(before: int | None = None) -> str | None:
        moment = None if before is None else NOON + timedelta(minutes=before)
        found = await store.newest_finished_run(REPO, 7, moment)
        return found.id if found else None

    assert await newest() == "late"
    assert await newest(before=9) == "early"
    assert await newest(before=5) == "first"
    assert await newest(before=3) is None


async def test_runs_for_a_head_whatever_the_pull_request(store: Store) -> None:
    await store.add_run(run("r1", number=1, head="h"))
    await store.add_run(run("r2", number=2, head="h"))
    await store.add_run(run("r3", number=1, head="other"))
    assert [r.id for r in await store.runs_for_head(REPO, "h")] == ["r2", "r1"]


async def test_runs_that_have_not_ended(store: Store) -> None:
    for name in ("r1", "r3"):
        await store.add_run(run(name))
    await store.add_run(replace(run("r2"), state=RunState.WAITING))
    await store.finish_run("r3", RunState.FAILED, "", "", NOON)
    assert [r.id for r in await store.unfinished_runs()] == ["r1", "r2"]


async def test_an_approval_counts_for_one_head_and_the_first_one_stands(store: Store) -> None:
    assert await store.approval(REPO, 7, "h1") is None
    await store.approve_head(REPO, 7, "h1", "mona")
    await store.approve_head(REPO, 7, "h1", "hubot")
    assert await store.approval(REPO, 7, "h1") == "mona"
    assert await store.approval(REPO, 7, "h2") is None
    assert await store.approval(REPO, 8, "h1") is None


def report(agent: str, answer: str = HOSTILE) -> AgentReport:
    return AgentReport(
        agent=agent,
        state=ReportState.FINISHED,
        run=AgentRun(
            name=agent,
            status=AgentStatus.SUCCEEDED,
            tokens=Tokens(input=10**30, output=5),
            buffer=(AssistantText(text=HOSTILE),),
            answer=answer,
            cost_usd=Decimal("0.30"),
        ),
        findings=issue("x").sources,
    )


async def test_agent_reports_come_back_in_order(store: Store) -> None:
    await store.add_run(run("r1"))
    reports = [report("zizmor"), report("bandit")]
    await store.add_agent_reports("r1", reports)
    assert await store.agent_reports("r1") == reports
    assert await store.agent_reports("r2") == []


async def test_reports_of_a_repeated_step_replace_the_first_ones(store: Store) -> None:
    await store.add_run(run("r1"))
    await store.add_agent_reports("r1", [report("ruff", "half"), report("bandit")])
    await store.add_agent_reports("r1", [report("ruff", "whole")])
    assert [r.run.answer for r in await store.agent_reports("r1")] == ["whole"]


# ------------------------------------------------------------------------------------ issues


async def saved(store: Store, name: str, head: str, *found: Issue, **posted: Placement) -> None:
    await store.add_run(run(name, head=head))
    await store.save_issues(name, REPO, 7, head, found, dict(posted))


async def test_issues_of_a_run_come_back_in_its_order(store: Store) -> None:
    found = [issue("i-B"), issue("i-A", line=None)]
    await saved(store, "r1", "h1", *found)
    assert await store.issues_of_run("r1") == found


async def test_the_last_occurrence_of_each_open_issue_is_known(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A", line=3), issue("B", line=5), A=Placement.INLINE)
    await saved(store, "r2", "h2", issue("A", line=9, state=IssueState.PERSISTENT))
    known = {k.id: k for k in await store.known_issues(REPO, 7)}
    assert {name: (k.line, k.head_sha, k.state) for name, k in known.items()} == {
        "A": (9, "h2", IssueState.PERSISTENT),
        "B": (5, "h1", IssueState.NEW),
    }
    assert (known["A"].posted, known["A"].placement) == (True, Placement.INLINE)
    assert (known["B"].posted, known["B"].placement) == (False, Placement.SUMMARY)
    a = known["A"]
    assert (a.file, a.code, a.title, a.side) == (HOSTILE, HOSTILE, HOSTILE, Side.LEFT)
    assert (a.agents, a.severity, a.category) == (("ruff",), Severity.MAJOR, "security")
    assert [i.line for i in await store.issues_of_run("r1")] == [3, 5]


async def test_closed_issues_are_known_only_when_asked_for(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"), issue("B", state=IssueState.DISMISSED))
    assert [k.id for k in await store.known_issues(REPO, 7)] == ["A"]
    dismissed = await store.known_issues(REPO, 7, [IssueState.DISMISSED])
    assert [k.id for k in dismissed] == ["B"]
    assert await store.known_issues(REPO, 8) == []


async def test_saving_again_changes_nothing(store: Store) -> None:
    for _ in range(2):
        await saved(store, "r1", "h1", issue("A"), issue("B"), B=Placement.FILE)
    assert await store.issues_of_run("r1") == [issue("A"), issue("B")]
    known = await store.known_issues(REPO, 7)
    assert [(k.id, k.posted, k.placement) for k in known] == [
        ("A", False, Placement.SUMMARY),
        ("B", True, Placement.FILE),
    ]


async def test_an_issue_only_earlier_runs_found_can_be_posted(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    await saved(store, "r2", "h2", A=Placement.SUMMARY)
    assert [(k.posted, k.head_sha) for k in await store.known_issues(REPO, 7)] == [(True, "h1")]


async def test_lines_that_no_file_has_do_not_lose_the_issue(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A", line=10**30), issue("B", line=-4))
    assert [k.line for k in await store.known_issues(REPO, 7)] == [None, None]
    assert [i.sources[0].line for i in await store.issues_of_run("r1")] == [10**30, -4]


async def test_issues_of_a_run_that_does_not_exist_are_refused(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.save_issues("nobody", REPO, 7, "h1", [issue("A")], {})
    assert await store.known_issues(REPO, 7) == []


# --------------------------------------------------------------------------- blobs, the rest


async def test_blobs(store: Store) -> None:
    assert await store.get_blob("r1/answer") is None
    await store.put_blob("r1/answer", b"\x00\xff" * 50_000)
    await store.put_blob("r1/answer", b"new")
    await store.put_blob("r1/a%", b"p")
    await store.put_blob("R1/answer", b"capital")
    await store.put_blob("r1_x", b"x")
    assert await store.get_blob("r1/answer") == b"new"
    assert await store.delete_blobs("r1/") == 2
    assert await store.get_blob("r1/answer") is None
    assert await store.get_blob("R1/answer") == b"capital"
    assert await store.get_blob("r1_x") == b"x"


async def test_a_hostile_prefix_is_only_a_prefix(store: Store) -> None:
    await store.put_blob(HOSTILE + "1", b"1")
    await store.put_blob("%", b"2")
    assert await store.delete_blobs(HOSTILE) == 1
    assert await store.delete_blobs("_") == 0
    assert await store.get_blob("%") == b"2"


async def test_a_forgotten_repository_leaves_nothing(store: Store) -> None:
    await saved(store, "r1", "h1", issue("A"))
    await store.add_agent_reports("r1", [report("ruff")])
    await store.approve_head(REPO, 7, "h1", "mona")
    other = Repo(owner="octo", name="hello-too")
    await store.add_run(run("r2", repo=other))
    await store.forget_repo(REPO)
    assert await store.run("r1") is None
    assert await store.agent_reports("r1") == []
    assert await store.issues_of_run("r1") == []
    assert await store.known_issues(REPO, 7) == []
    assert await store.approval(REPO, 7, "h1") is None
    assert await store.run("r2") is not None


async def test_many_tasks_writing_at_once_lose_nothing(store: Store, store_url: str) -> None:
    other = await Store.open(store_url)

    async def work(number: int) -> None:
        one = (store, other)[number % 2]
        await one.add_deliveries([delivery(f"d{number}"), delivery("shared")])
        await one.add_run(run(f"r{number}"))
        found = [issue(f"i{n}") for n in range(4)]
        await one.save_issues(f"r{number}", REPO, 7, "h1", found, {"i1": Placement.FILE})
        await one.put_blob(f"b{number}", b"x" * number)

    await asyncio.gather(*(work(number) for number in range(40)))
    assert len(await store.pending_deliveries(1000)) == 41
    assert len(await other.runs(1000)) == 40
    for number in range(40):
        assert len(await store.issues_of_run(f"r{number}")) == 4
        assert await other.get_blob(f"b{number}") == b"x" * number
    await other.close()


async def test_what_was_stored_is_there_after_closing(store_url: str) -> None:
    first = await Store.open(store_url)
    await first.add_run(run("r1"))
    await first.close()
    second = await Store.open(store_url)
    assert await second.run("r1") == run("r1")
    await second.close()


async def test_stores_may_be_opened_at_the_same_moment(store_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(store_url) for _ in range(4)))
    await stores[0].put_blob("k", b"v")
    assert [await s.get_blob("k") for s in stores] == [b"v"] * 4
    for opened in stores:
        await opened.close()


async def test_a_locked_database_is_told_as_try_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.engine.BUSY_SECONDS", 0.05)
    store = await Store.open(sqlite_url(tmp_path))
    await store.ping()
    holder = sqlite3.connect(tmp_path / "harness.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match="the database: database is locked"):
        await store.put_blob("key", b"secret")
    with pytest.raises(TryLater):
        await store.ping()
    assert await store.get_blob("key") is None  # reading goes on meanwhile
    holder.execute("ROLLBACK")
    holder.close()
    await store.put_blob("key", b"data")
    assert await store.get_blob("key") == b"data"
    await store.close()


async def test_a_full_disk_is_told_as_try_later_and_costs_nothing_else(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path))
    await store.put_blob("kept", b"data")
    writer = store._writing.connect()
    pages = writer.exec_driver_sql("PRAGMA page_count").scalar_one()
    writer.close()
    await store._write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages}").close())
    with pytest.raises(TryLater, match="full"):
        await store.put_blob("large", b"x" * 1_000_000)
    assert await store.get_blob("kept") == b"data"
    await store.close()


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=ANY_TEXT, code=ANY_TEXT)
async def test_any_text_survives(store: Store, path: str, code: str) -> None:
    await store.put_blob(path, code.encode("utf-8", "surrogatepass"))
    assert await store.get_blob(path) == code.encode("utf-8", "surrogatepass")
    await store.add_deliveries([Delivery(id=f"p{path}", event=code, fields={path: code})])
    stored = await store.delivery(f"p{path}")
    assert stored is not None
    assert stored.id == f"p{path}"
