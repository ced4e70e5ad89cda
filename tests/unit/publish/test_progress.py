"""The check's title while agents read."""

from dataclasses import dataclass
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

    async def update_check(self, check_id, check):
        if self.fails is not None:
            raise self.fails
        assert check.status is CheckStatus.IN_PROGRESS
        self.titles.append(check.title)
        return self.posted


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


async def test_an_error_of_github_costs_an_update_and_nothing_else(progress, client, clock):
    progress.agent_event("codex", Started())
    client.fails = GitHubError("boom", 500)
    await progress.look()
    client.fails = None
    progress.agent_event("codex", Finished(success=True))
    await progress.look()
    assert len(client.titles) == 1


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
