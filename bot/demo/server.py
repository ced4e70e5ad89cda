"""Starts and stops the embedded GitHub: API, git and pages on one loopback port."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.clock import Clock, SystemClock
from bot.demo.credentials import AppCredentials, new_credentials
from bot.demo.git_http import GitHttp
from bot.demo.hub import Observer
from bot.demo.pages import Pages
from bot.demo.rest.api import application
from bot.demo.showcase import Showcase

SLUG = "harness"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class EmbeddedGitHub(Showcase):
    """A small GitHub in this process. ``start`` it, point an App at it, then let people act.

    ``observer`` is called with every exchange of the API, so that a test can check each of a run.
    """

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        observer: Observer | None = None,
        credentials: AppCredentials | None = None,
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError("the embedded GitHub listens on loopback only: it trusts its users")
        super().__init__(
            root,
            clock=clock or SystemClock(),
            credentials=credentials or new_credentials(SLUG),
            observer=observer,
        )
        self.git_http = GitHttp(self)
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Base of the pages and of git (``URL/owner/repo.git``)."""
        return self.shapes.web

    @property
    def api_url(self) -> str:
        """Base of REST; GraphQL is at ``URL/api/graphql``, as on an Enterprise Server."""
        return self.shapes.api

    @property
    def app_id(self) -> int:
        return self.credentials.app_id

    @property
    def private_key(self) -> str:
        return self.credentials.private_key

    @property
    def webhook_secret(self) -> str:
        return self.credentials.webhook_secret

    @property
    def webhook_url(self) -> str:
        return self.deliveries.url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        if urlsplit(url).hostname not in LOOPBACK:
            raise ValueError("the embedded GitHub delivers to loopback only")
        self.deliveries.url = url

    async def start(self) -> None:
        app = web.Application(middlewares=[_only_loopback])
        app.add_subapp("/api", application(self))
        self.git_http.add_routes(app)
        Pages(self).add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.shapes = self.links(f"http://{host}:{port}")
        await self.deliveries.start()

    async def stop(self) -> None:
        await self.deliveries.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> EmbeddedGitHub:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()


@web.middleware
async def _only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A web page elsewhere must not reach this server under a name that it points here."""
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        raise web.HTTPForbidden(text="this GitHub is for this machine only")
    return await handler(request)
