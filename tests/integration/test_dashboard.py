"""The pages and the JSON behind them: what is shown, and to whom."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.dashboard.auth import COOKIE
from bot.dashboard.views import Dashboard, application
from bot.models import (
    AgentReport,
    AgentRun,
    Anchor,
    AssistantText,
    Delivery,
    Finding,
    Finished,
    Issue,
    LoggedEvent,
    ModelCall,
    ModelUsage,
    Placement,
    Repo,
    ReportState,
    RunRecord,
    RunState,
    Severity,
    Started,
)
from bot.store import Store

TOKEN = "operator-token-of-the-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\x1b[2J"


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path / 'harness.sqlite'}")
    yield store
    await store.close()


@pytest.fixture
async def client(aiohttp_client, store):
    async def ready():
        return ""

    async def counts():
        return {"running": 2}

    return await aiohttp_client(
        application(Dashboard(store=store, token=TOKEN, ready=ready, counts=counts))
    )


@pytest.fixture
async def run(store):
    record = RunRecord(
        id="r-TEST",
        job_id="delivery-1:0",
        repo=Repo(owner="octo", name="shop"),
        number=3,
        head_sha="a" * 40,
        base_sha="b" * 40,
        trigger="opened",
        state=RunState.RUNNING,
        started_at=NOW,
    )
    await store.add_run(record)
    finding = Finding(agent="ruff", severity=Severity.MAJOR, file=HOSTILE, description="d", line=2)
    issue = Issue(
        id="h-7KQ2",
        severity=Severity.MAJOR,
        title=HOSTILE,
        description="d",
        file=HOSTILE,
        anchor=Anchor(placement=Placement.SUMMARY),
        sources=(finding,),
        line=2,
    )
    report = AgentReport(
        agent="ruff", state=ReportState.FINISHED, run=AgentRun(name="ruff"), findings=(finding,)
    )
    await store.add_agent_reports("r-TEST", [report])
    await store.save_issues("r-TEST", record.repo, 3, "a" * 40, [issue], {})
    await store.finish_run("r-TEST", RunState.FINISHED, "failure", "1 to fix", NOW)
    return record


PRIVATE = (
    "/",
    "/runs/r-TEST",
    "/api/runs",
    "/api/runs/r-TEST",
    "/api/runs/r-TEST/events",
    "/static/run.js",
    "/api/deliveries/x",
    "/metrics",
    "/no",
)


@pytest.mark.parametrize("path", PRIVATE)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Authorization": TOKEN},
    ],
)
async def test_nothing_is_shown_to_whoever_is_not_signed_in(client, run, path, headers):
    answer = await client.get(path, headers=headers, allow_redirects=False)
    assert answer.status in (303, 401)
    assert "octo" not in await answer.text()


@pytest.mark.parametrize("header", [b"Authorization: Bearer \xff", b"Cookie: harness=\xff"])
async def test_a_token_of_no_characters_is_a_wrong_token(client, header):
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /api/runs HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert b" 401 " in status


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer "}, {"Cookie": f"{COOKIE}="}])
async def test_no_token_opens_nothing_even_if_there_is_none_to_know(aiohttp_client, store, headers):
    async def nothing():
        return {}

    pages = application(Dashboard(store=store, token="", ready=nothing, counts=nothing))
    client = await aiohttp_client(pages)
    assert (await client.get("/api/runs", headers=headers)).status == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/sign-in"])
async def test_health_and_the_sign_in_page_are_open(client, path):
    assert (await client.get(path)).status == 200


async def test_signing_in_with_the_token_opens_the_pages(client, run):
    refused = await client.post("/sign-in", data={"token": "wrong"})
    assert refused.status == 401
    answer = await client.post("/sign-in", data={"token": TOKEN}, allow_redirects=False)
    assert answer.headers["Location"] == "/"
    cookie = answer.cookies[COOKIE]
    assert TOKEN not in cookie.value
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert "octo/shop#3" in await (await client.get("/")).text()


async def test_a_page_shows_hostile_text_as_text(client, run):
    page = await (await client.get("/runs/r-TEST", headers=BEARER)).text()
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "h-7KQ2" in page
    assert "1 to fix" in page


async def test_a_run_as_json(client, run):
    data = await (await client.get("/api/runs/r-TEST", headers=BEARER)).json()
    assert data["conclusion"] == "failure"
    assert data["repository"] == "octo/shop"
    assert data["agents"][0]["agent"] == "ruff"
    assert data["agents"][0]["cost_usd"] is None
    assert data["issues"][0]["id"] == "h-7KQ2"
    listed = await (await client.get("/api/runs", headers=BEARER)).json()
    assert [item["id"] for item in listed["runs"]] == ["r-TEST"]
    assert (await client.get("/api/runs/none", headers=BEARER)).status == 404
    assert (await client.get("/runs/none", headers=BEARER)).status == 404


@pytest.fixture
async def calls(store, run):
    """One call with a price, and one of a model that no list knows."""
    for model, cost in ((HOSTILE, None), ("gpt-5", Decimal("0.0042"))):
        usage = ModelUsage(model=model, input=1200, cache_read=200, output=30, cost_usd=cost)
        call = ModelCall(
            run_id=run.id,
            repo=run.repo.full_name,
            number=run.number,
            agent="codex",
            step="agent codex",
            role="reviewer",
            usage=usage,
            at=NOW,
        )
        await store.add_call(call, cost or Decimal(0))


async def test_a_run_shows_what_it_cost_by_agent_and_model(client, calls):
    page = await (await client.get("/runs/r-TEST", headers=BEARER)).text()
    assert "<td>gpt-5</td>" in page
    assert "<td>$0.0042</td>" in page
    assert "The pull request so far: at least $0.0042" in page
    assert "<script>" not in page
    data = await (await client.get("/api/runs/r-TEST", headers=BEARER)).json()
    unknown, known = data["costs"]
    assert (unknown["cost_usd"], unknown["unknown"]) == (None, 1)
    assert (known["model"], known["role"], known["cost_usd"]) == (
        "gpt-5",
        "reviewer",
        "0.0042",
    )
    assert known["tokens"] == {"input": 1200, "cache_read": 200, "cache_write": 0, "output": 30}
    assert data["pull_cost"] == {
        "calls": 2,
        "unknown": 1,
        "cost_usd": None,
        "known_usd": "0.0042",
    }


async def test_a_run_that_asked_no_model_shows_none(client, run):
    page = await (await client.get("/runs/r-TEST", headers=BEARER)).text()
    assert "<h2>Models</h2>" not in page


async def test_what_became_of_a_delivery(client, store, run):
    await store.add_deliveries([Delivery(id="delivery-1", event="ping", received_at=NOW)])
    stored = await (await client.get("/api/deliveries/delivery-1", headers=BEARER)).json()
    assert (stored["state"], stored["jobs"]) == ("stored", [])
    await store.mark_dispatched("delivery-1", ["delivery-1:0"])
    dispatched = await (await client.get("/api/deliveries/delivery-1", headers=BEARER)).json()
    assert dispatched["state"] == "dispatched"
    assert dispatched["runs"] == [{"id": "r-TEST", "state": "finished"}]
    assert (await client.get("/api/deliveries/never", headers=BEARER)).status == 404


async def test_metrics_count_and_name_no_repository(client, run):
    text = await (await client.get("/metrics", headers=BEARER)).text()
    assert 'harness_jobs{state="running"} 2.0' in text
    assert "octo" not in text


async def test_not_ready_says_why(aiohttp_client, store):
    async def not_ready():
        return "the database does not answer"

    async def counts():
        return {}

    client = await aiohttp_client(
        application(Dashboard(store=store, token=TOKEN, ready=not_ready, counts=counts))
    )
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert "the database does not answer" in await answer.text()


async def told(store, *events):
    await store.add_events(
        "r-TEST", [LoggedEvent(agent="codex", at=NOW, event=event) for event in events]
    )


async def test_the_events_of_a_run_stream_until_it_is_over(client, store, run):
    await told(store, Started(), AssistantText(text=HOSTILE), Finished(success=True))
    answer = await client.get("/api/runs/r-TEST/events", headers=BEARER)
    assert answer.content_type == "text/event-stream"
    text = await answer.text()
    assert text.count("\ndata: ") == 4
    assert text.endswith("event: end\ndata: {}\n\n")
    assert "\x1b" not in text
    first = text.split("\n")[0].removeprefix("id: ")
    later = await client.get("/api/runs/r-TEST/events", headers={**BEARER, "Last-Event-ID": first})
    assert (await later.text()).count("\ndata: ") == 3


async def test_the_events_of_a_run_as_json(client, store, run):
    await told(store, Started(), AssistantText(text="hm"))
    headers = {**BEARER, "Accept": "application/json"}
    data = await (await client.get("/api/runs/r-TEST/events", headers=headers)).json()
    assert [(e["agent"], e["kind"], e["text"]) for e in data["events"]] == [
        ("codex", "started", "began to read"),
        ("codex", "text", "hm"),
    ]
    assert data["over"]
    assert (await client.get("/api/runs/none/events", headers=headers)).status == 404


async def test_the_page_shows_each_agents_last_words_and_events_as_text(client, store, run):
    await told(store, Started(), AssistantText(text=HOSTILE), Finished(success=True))
    page = await (await client.get("/runs/r-TEST", headers=BEARER)).text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u001b[2J" in page
    assert "began to read" in page


async def test_the_script_comes_from_here_and_no_other_may_run(client, run):
    answer = await client.get("/static/run.js", headers=BEARER)
    assert answer.content_type == "text/javascript"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "innerHTML" not in await answer.text()
