"""The page of a run in a real browser: what its script shows while events come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestServer

from bot.dashboard import live
from bot.dashboard.views import Dashboard, application
from bot.models import (
    AssistantText,
    Finished,
    LoggedEvent,
    Repo,
    RunError,
    RunRecord,
    RunState,
    Started,
    Tokens,
    ToolCall,
)
from bot.store import Store
from tests.fakes import browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.PROGRAM, reason="Chromium is not installed"),
]

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOSTILE = (
    "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    " \u202egnp.exe \x1b[31m"
)
SHOWN = (
    "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    " \\u202egnp.exe \\u001b[31m"
)
ROWS = """Object.fromEntries([...document.querySelectorAll('#log details')].map((row) => [
  row.dataset.agent, {
    state: row.querySelector('.state').textContent,
    words: row.querySelector('.words').textContent,
    tokens: row.querySelector('.tokens').textContent,
    items: [...row.querySelectorAll('li')].map((item) => item.textContent),
  }]))"""


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path / 'harness.sqlite'}")
    await store.add_run(
        RunRecord(
            id="r-1",
            job_id="d:0",
            repo=Repo(owner="octo", name="shop"),
            number=3,
            head_sha="a" * 40,
            base_sha="b" * 40,
            trigger="opened",
            state=RunState.RUNNING,
            started_at=NOW,
        )
    )
    yield store
    await store.close()


@pytest.fixture
async def address(store):
    async def ready():
        return ""

    async def counts():
        return {}

    pages = application(Dashboard(store=store, token="t", ready=ready, counts=counts))
    server = TestServer(pages)
    await server.start_server()
    yield str(server.make_url("/runs/r-1"))
    await server.close()


@pytest.fixture
async def page(tmp_path):
    async with browser.browser(tmp_path) as page:
        yield page


async def told(store, agent, *events):
    await store.add_events("r-1", [LoggedEvent(agent=agent, at=NOW, event=e) for e in events])


async def over(store):
    await store.finish_run("r-1", RunState.FINISHED, "failure", "1 to fix", NOW)


async def test_events_are_appended_while_the_run_runs_and_then_the_verdict_is_there(
    store, address, page
):
    await told(store, "codex", Started(), AssistantText(text="hm"), Tokens(input=1200, output=34))
    await page.open(address, "t")
    await page.until("document.readyState === 'complete' && log.dataset.live === 'yes'")
    await told(store, "codex", ToolCall(name="Grep", args="eval"))
    await told(store, "claude", Started(), AssistantText(text=HOSTILE), Tokens(input=5))
    await told(store, "ruff", Started(), RunError(message="boom\n401 no such key"))
    await page.until("document.querySelectorAll('#log details').length === 3")
    rows = await page.value(ROWS)
    assert rows["codex"]["items"] == ["began to read", "hm", "1,200 tokens in, 34 out", "Grep eval"]
    assert (rows["codex"]["words"], rows["codex"]["tokens"]) == ("Grep eval", "1,234 tokens")
    assert rows["claude"]["items"][1] == SHOWN
    assert rows["claude"]["words"] == SHOWN
    assert (rows["ruff"]["state"], rows["ruff"]["words"]) == ("failed", "401 no such key")
    await told(store, "codex", Finished(success=True))
    await over(store)
    # Of the agent that did not end nobody says for ever that it reads.
    await page.until("document.body.textContent.includes('1 to fix')")
    assert (await page.value(ROWS))["codex"]["state"] == "done"
    assert (await page.value(ROWS))["claude"]["state"] == "cut off"
    assert await page.value("document.title") == "r-1 · harness"
    assert page.errors == []


async def test_an_agent_that_begins_anew_has_an_empty_list(store, address, page):
    await told(store, "codex", Started(), AssistantText(text="first"), RunError(message="cut off"))
    await page.open(address, "t")
    await page.until("document.readyState === 'complete'")
    again = [LoggedEvent(agent="codex", at=NOW, event=Started())]
    await store.add_events("r-1", again, ["codex"])
    await page.until("document.querySelectorAll('li').length === 1")
    assert (await page.value(ROWS))["codex"]["state"] == "reading"


async def test_a_long_run_that_is_over_shows_how_each_agent_ended(store, address, page):
    await told(store, "codex", Started())
    await told(store, "claude", Started(), *[AssistantText(text="w")] * (2 * live.PAGE))
    await told(store, "claude", AssistantText(text="last words"), Finished(success=True))
    await told(store, "codex", RunError(message="out of time"))
    await told(store, "gemini", Started())
    await over(store)
    await page.open(address, "t")
    await page.until("document.readyState === 'complete' && !log.dataset.more")
    rows = await page.value(ROWS)
    assert (rows["claude"]["state"], rows["claude"]["words"]) == ("done", "last words")
    assert (rows["codex"]["state"], rows["codex"]["words"]) == ("failed", "out of time")
    assert rows["gemini"]["state"] == "cut off"
    assert len(rows["claude"]["items"]) == 500
    assert rows["claude"]["items"][-2:] == ["last words", "finished"]
    assert page.errors == []


@pytest.mark.parametrize("width", [320, 1200])
async def test_long_words_and_names_make_no_page_wider_than_the_screen(store, address, page, width):
    await told(store, "n" * 120, Started(), AssistantText(text="W" * 5000))
    await told(store, "codex", Started(), AssistantText(text="line\n" * 10_000))
    await page.size(width, 900)
    await page.open(address, "t")
    await page.until("document.readyState === 'complete'")
    await told(store, "later" * 20, Started(), ToolCall(name="x" * 3000))
    await page.until("document.querySelectorAll('#log details').length === 3")
    await page.value("for (const row of document.querySelectorAll('details')) row.open = true")
    assert await page.value("document.documentElement.scrollWidth") <= width
    # One line of last words, however long they are.
    tall = "Math.max(...[...document.querySelectorAll('.words')].map((e) => e.offsetHeight))"
    assert await page.value(tall) < 40
