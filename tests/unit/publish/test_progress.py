"""The check's title while agents read."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.errors import GitHubError, TryLater
from bot.models import CheckStatus, Finished, PostedCheck, RunError, RunSummary, Started
from bot.publish.progress import EVERY, TIMES, CheckProgress
from tests.fakes import nouns


@dataclass
class Clock:
    seconds: float = 0.0

    def now(self):
        raise AssertionError("only elapsed time counts")

    def monotonic(self):
        return self.seconds


class Client:
    """One check, as it stands at GitHub."""

    def __init__(self, plan, status=CheckStatus.IN_PROGRESS):
        self.posted = PostedCheck(
            id=5,
            name="harness",
            head_sha=plan.pull.head_sha,
            status=status,
            conclusion=None,
            external_id=plan.run_id,
            app_id=1,
        )
        self.titles = []
        self.fails = None

    async def checks(self, sha, name):
        return [self.posted]

    async def create_check(self, check):
        raise AssertionError("progress opens no check")

    async def tell_check(self, check_id, title, summary):
        if self.fails is not None:
            raise self.fails
        self.titles.append(title)


PLAN = nouns.plan("claude-code", "codex", "ruff")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client():
    return Client(PLAN)


@pytest.fixture
def progress(client, clock):
    async def connect():
        return client

    return CheckProgress(connect, PLAN, clock=clock)


async def test_the_title_tells_who_is_reading_and_who_is_done(progress, client, clock):
    for agent in ("claude-code", "codex", "ruff"):
        progress.agent_event(agent, Started())
    progress.agent_event("ruff", Finished(success=True))
    progress.agent_event("codex", RunError(message="401"))
    clock.seconds = 130
    await progress.look()
    assert client.titles == ["claude-code reading (2:10), codex failed, ruff done"]


async def test_nothing_is_posted_before_anybody_began(progress, client, clock):
    clock.seconds = 10 * TIMES
    await progress.look()
    assert client.titles == []


async def test_running_times_alone_are_told_seldom(progress, client, clock):
    progress.agent_event("codex", Started())
    await progress.look()
    clock.seconds = EVERY
    await progress.look()
    assert len(client.titles) == 1
    clock.seconds = TIMES
    await progress.look()
    assert len(client.titles) == 2


async def test_a_rate_limit_is_waited_out_quietly(progress, client, clock):
    progress.agent_event("codex", Started())
    client.fails = TryLater("rate limited", 100)
    await progress.look()
    client.fails = None
    progress.agent_event("codex", Finished(success=True))
    clock.seconds = 99
    await progress.look()
    assert client.titles == []
    clock.seconds = 100
    await progress.look()
    assert client.titles == ["claude-code waiting, codex done, ruff waiting"]


@pytest.mark.parametrize(
    ("error", "after"),
    [(GitHubError("boom", 500), EVERY), (TryLater("status 502", 30), 30), (OSError("gone"), EVERY)],
)
async def test_an_update_that_failed_is_made_again_although_nothing_changed(
    progress, client, clock, error, after
):
    progress.agent_event("codex", Started())
    client.fails = error
    await progress.look()
    client.fails = None
    clock.seconds = after
    await progress.look()
    assert client.titles == [f"claude-code waiting, codex reading (0:{after:02.0f}), ruff waiting"]
    await progress.look()
    assert len(client.titles) == 1


async def test_no_token_to_ask_with_is_asked_for_again(client, clock):
    refusals = [TryLater("no token", 5)]

    async def connect():
        if refusals:
            raise refusals.pop()
        return client

    progress = CheckProgress(connect, PLAN, clock=clock)
    progress.agent_event("codex", Started())
    for moment in (0, 4, 5):
        clock.seconds = moment
        await progress.look()
    assert client.titles == ["claude-code waiting, codex reading (0:05), ruff waiting"]


async def test_an_update_that_failed_is_not_made_again_after_the_verdict(progress, client, clock):
    progress.agent_event("codex", Started())
    client.fails = GitHubError("boom", 502)
    await progress.look()
    client.fails = None
    client.posted = replace(client.posted, status=CheckStatus.COMPLETED)
    for _ in range(3):
        clock.seconds += EVERY
        await progress.look()
    assert client.titles == []


@pytest.mark.parametrize("slow", ["connect", "checks"])
async def test_an_update_that_is_late_is_not_sent_when_the_run_is_over(
    progress, client, monkeypatch, slow
):
    began, go_on = asyncio.Event(), asyncio.Event()

    async def connect():
        if slow == "connect":
            began.set()
            await go_on.wait()
        return client

    async def checks(sha, name):
        began.set()
        await go_on.wait()
        return [client.posted]

    if slow == "checks":
        client.checks = checks
    monkeypatch.setattr("bot.publish.progress.EVERY", 0)
    progress = CheckProgress(connect, PLAN, clock=Clock())
    async with progress:
        progress.agent_event("codex", Started())
        await began.wait()
        asyncio.get_running_loop().call_soon(go_on.set)
    assert client.titles == []


async def test_the_end_waits_for_an_update_that_is_on_its_way(client, monkeypatch):
    began, go_on = asyncio.Event(), asyncio.Event()
    sent = client.tell_check

    async def tell_check(check_id, title, summary):
        began.set()
        await go_on.wait()
        await sent(check_id, title, summary)

    async def connect():
        return client

    client.tell_check = tell_check
    monkeypatch.setattr("bot.publish.progress.EVERY", 0)
    async with CheckProgress(connect, PLAN, clock=Clock()) as progress:
        progress.agent_event("codex", Started())
        await began.wait()
        asyncio.get_running_loop().call_soon(go_on.set)
    # The verdict comes after this line, so it is the last word.
    assert client.titles == ["claude-code waiting, codex reading, ruff waiting"]
    assert progress._task is not None
    assert progress._task.done()


async def test_a_completed_check_is_left_alone(clock):
    client = Client(PLAN, CheckStatus.COMPLETED)

    async def connect():
        return client

    progress = CheckProgress(connect, PLAN, clock=clock)
    progress.agent_event("codex", Started())
    await progress.look()
    assert client.titles == []


async def test_nothing_is_told_after_the_end(progress, client):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    async with progress:
        progress.agent_event("codex", Started())
        progress.run_finished(RunSummary(started_at=now, finished_at=now))
    await progress.look()
    assert client.titles == []


async def test_a_dry_run_tells_nothing(client, clock):
    async def connect():
        raise AssertionError("nothing is asked of GitHub")

    async with CheckProgress(connect, nouns.plan("a", dry_run=True), clock=clock) as progress:
        progress.agent_event("a", Started())
        assert progress._task is None
