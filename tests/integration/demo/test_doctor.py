"""`harness doctor` against a GitHub that answers as GitHub does."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from bot.cli.doctor.github import events, github, permissions
from bot.cli.doctor.line import Mark
from bot.clock import SystemClock
from bot.demo import EmbeddedGitHub
from bot.demo.state import Repository
from bot.github.app_auth import AppRecord, GitHubApp
from bot.settings import Settings


def settings(hub: EmbeddedGitHub, **more: str) -> Settings:
    given = {
        "app_id": str(hub.app_id),
        "private_key": hub.private_key,
        "webhook_secret": hub.webhook_secret,
        "github_api_url": hub.api_url,
        "github_url": hub.url,
    }
    return Settings.model_validate({**given, **more})


async def seen(asked: Settings) -> dict[str, tuple[Mark, str]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        lines = await github(asked, http, SystemClock())
    return {line.subject: (line.mark, line.text) for line in lines}


async def record(hub: EmbeddedGitHub) -> AppRecord:
    async with httpx.AsyncClient(trust_env=False) as http:
        app = GitHubApp(str(hub.app_id), hub.private_key, hub.api_url, http, SystemClock())
        return await app.record()


async def test_an_app_that_was_made_from_app_yml_has_all_it_needs(
    github: EmbeddedGitHub, repo: Repository
) -> None:
    github.webhook_url = "http://127.0.0.1:9/webhook"
    lines = await seen(settings(github))
    assert {subject: mark for subject, (mark, _text) in lines.items()} == {
        "GitHub App": Mark.WORKS,
        "permissions": Mark.WORKS,
        "events": Mark.WORKS,
        "installations": Mark.WORKS,
        "webhook": Mark.WORKS,
        "reachability": Mark.UNSET,
    }
    assert "its key is accepted" in lines["GitHub App"][1]


async def test_a_foreign_key_is_told_with_what_to_check(github: EmbeddedGitHub) -> None:
    ((subject, (mark, text)),) = (await seen(settings(github, app_id="1"))).items()
    assert (subject, mark) == ("GitHub App", Mark.BROKEN)
    assert "check HARNESS_APP_ID" in text


async def test_without_an_app_nothing_is_asked() -> None:
    assert await seen(Settings()) == {
        "GitHub App": (Mark.UNSET, "HARNESS_APP_ID is not set; `harness review` needs no App")
    }


async def test_a_webhook_that_leads_elsewhere_is_told(github: EmbeddedGitHub) -> None:
    github.webhook_url = "http://127.0.0.1:9/hooks"
    assert (await seen(settings(github)))["webhook"][0] is Mark.BROKEN
    github.webhook_url = "http://127.0.0.1:9/webhook"
    lines = await seen(settings(github, public_url="http://127.0.0.1:8"))
    assert lines["webhook"][0] is Mark.ATTENTION
    mark, text = lines["reachability"]
    assert mark is Mark.ATTENTION
    assert text == "http://127.0.0.1:8/healthz does not answer: ConnectError"


async def test_something_else_at_the_public_address_is_told(github: EmbeddedGitHub) -> None:
    lines = await seen(settings(github, public_url=github.url))
    assert lines["reachability"][0] is Mark.BROKEN


@pytest.mark.parametrize(("held", "mark"), [("read", Mark.BROKEN), ("write", Mark.WORKS)])
async def test_each_missing_permission_is_named_with_its_reason(
    github: EmbeddedGitHub, held: str, mark: Mark
) -> None:
    app = await record(github)
    line = permissions(replace(app, permissions={**app.permissions, "checks": held}))
    assert line.mark is mark
    assert ("checks: write (the check run" in line.text) is (mark is Mark.BROKEN)


async def test_each_missing_event_is_named(github: EmbeddedGitHub) -> None:
    app = await record(github)
    line = events(replace(app, events=tuple(set(app.events) - {"issue_comment"})))
    assert (line.mark, "issue_comment" in line.text) == (Mark.BROKEN, True)
