"""Whether GitHub takes the App's credentials, what it may do, and where its deliveries go."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bot.cli.doctor.line import Line, attention, broken, unset, works
from bot.clock import Clock
from bot.errors import HarnessError
from bot.github.app_auth import AppRecord, GitHubApp
from bot.handlers.handler import handlers
from bot.handlers.manifest import PERMISSIONS
from bot.settings import Settings

_LEVELS = ("none", "read", "write", "admin")


async def github(settings: Settings, http: httpx.AsyncClient, clock: Clock) -> list[Line]:
    """Nothing is asked where no App is configured: local reviews need none."""
    if not settings.app_id:
        return [unset("GitHub App", "HARNESS_APP_ID is not set; `harness review` needs no App")]
    try:
        settings.require_app()
        app = GitHubApp(
            app_id=settings.app_id,
            private_key=settings.key(),
            api_url=settings.github_api_url,
            http=http,
            clock=clock,
        )
        record = await app.record()
    except HarnessError as error:
        return [broken("GitHub App", error.message)]
    return [
        works("GitHub App", f"{record.slug} at {settings.github_api_url}: its key is accepted"),
        permissions(record),
        events(record),
        _installations(record),
        await _webhook(settings, app),
        await _reachable(settings, http),
    ]


def permissions(record: AppRecord) -> Line:
    missing = [
        f"{name}: {level} ({why})"
        for name, level, why in PERMISSIONS
        if not _allows(record.permissions, name, level)
    ]
    if missing:
        return broken("permissions", f"the App lacks {'; '.join(missing)}: see app.yml")
    return works("permissions", f"all {len(PERMISSIONS)} of app.yml")


def events(record: AppRecord) -> Line:
    wanted = {name for name, handler in handlers().items() if handler.subscribed}
    missing = sorted(wanted - set(record.events))
    if missing:
        return broken("events", f"the App is not told of {', '.join(missing)}: see app.yml")
    return works("events", f"all {len(wanted)} of app.yml")


def _allows(held: Mapping[str, str], name: str, level: str) -> bool:
    has = held.get(name, "none")
    return has in _LEVELS and _LEVELS.index(has) >= _LEVELS.index(level)


def _installations(record: AppRecord) -> Line:
    if not record.installations:
        return attention("installations", "the App is installed nowhere yet")
    return works("installations", f"{record.installations}")


async def _webhook(settings: Settings, app: GitHubApp) -> Line:
    try:
        url = await app.webhook_url()
    except HarnessError as error:
        return broken("webhook", error.message)
    if not url.endswith("/webhook"):
        return broken("webhook", f"the App delivers to {url or 'nowhere'}, not to …/webhook")
    if settings.public_url and not url.startswith(f"{settings.public_url}/"):
        return attention("webhook", f"the App delivers to {url}, HARNESS_PUBLIC_URL is another")
    return works("webhook", f"the App delivers to {url}")


async def _reachable(settings: Settings, http: httpx.AsyncClient) -> Line:
    """Asked from here: a running harness answers at its public address."""
    if not settings.public_url:
        return unset("reachability", "HARNESS_PUBLIC_URL is not set, so nothing is asked there")
    address = f"{settings.public_url}/healthz"
    try:
        answer = await http.get(address, follow_redirects=False)
    except httpx.HTTPError as error:
        return attention("reachability", f"{address} does not answer: {type(error).__name__}")
    if answer.status_code != 200 or answer.text.strip() != "alive":
        return broken("reachability", f"{address} is answered by something else")
    return works("reachability", f"{address} answers")
