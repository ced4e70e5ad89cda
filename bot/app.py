"""The composition root: builds everything once, hands it in, and runs it until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot import log
from bot.agents.configured import (
    agent_spec,
    check_kinds,
    developer_spec,
    judge_spec,
    key_of,
    planner_spec,
)
from bot.agents.reviewer import AgentKind, kinds
from bot.checkout.mirror import Mirrors
from bot.clock import SystemClock
from bot.commands.command import help_rows
from bot.dashboard.views import Dashboard, application
from bot.errors import ConfigurationError
from bot.github.app_auth import GitHubApp
from bot.guard import Failed, guard, guard_call
from bot.handlers.handler import handlers, needed_fields
from bot.jobs import Engine
from bot.models import FailOn, Limits, VerifyMode
from bot.process import Ledger
from bot.publish.publisher import publishers
from bot.runner import Budgets
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings, load_settings, unknown_names
from bot.store import Store, sqlite_url
from bot.tasks import recipes as _recipes  # noqa: F401  # importing it collects the recipes
from bot.tasks.services import Policy, Services
from bot.webhook.receiver import Receiver
from bot.webhook.server import FrontDoor
from bot.webhook.writer import DeliveryWriter
from bot.worker import Worker

SANDBOX_OFF = "The sandbox is switched off here: agents ran on the operator's machine unfenced."
MIN_FREE_BYTES = 100 * 1024 * 1024

_log = log.logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A running harness. ``url`` is where its own pages are."""

    url: str
    port: int
    operator_token: str
    services: Services
    engine: Engine
    store: Store


@asynccontextmanager
async def running(settings: Settings, *, front_door: bool = True) -> AsyncIterator[Running]:
    """Everything started in order, and stopped in the opposite order."""
    settings.require_app()
    if not front_door and not settings.database_url:
        raise ConfigurationError(
            "harness worker works beside others: set HARNESS_DATABASE_URL to a postgresql://"
            " database that they share (the embedded one is for `harness serve` alone)"
        )
    async with AsyncExitStack() as stack:
        data_dir = _data_dir(settings)
        token = operator_token(settings, data_dir)
        clock = SystemClock()
        ledger = Ledger(data_dir / "processes")
        ended = await ledger.reap()
        if ended:
            _log.warning("process.reaped", groups=ended)
        sandbox = Sandbox(mode=settings.sandbox, ledger=ledger)
        await sandbox.check()
        database = settings.database_url or sqlite_url(data_dir)
        store = await Store.open(database)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        github = GitHubApp(
            app_id=settings.app_id,
            private_key=settings.key(),
            api_url=settings.github_api_url,
            http=http,
            clock=clock,
        )
        engine = Engine(
            database_url=settings.database_url,
            data_dir=data_dir,
            store=store,
            max_runs=settings.max_runs,
            clock=clock,
        )
        known = kinds()
        services = Services(
            policy=_policy(settings, known),
            github=github,
            mirrors=Mirrors(data_dir, github_url=settings.github_url, ledger=ledger),
            store=store,
            budgets=Budgets(store, clock),
            sandbox=sandbox,
            kinds=known,
            queue=engine,
            publishers=publishers(),
            clock=clock,
            secrets=known_secrets(settings, token, known),
            help_rows=help_rows(),
        )
        check_kinds(settings.agents, services.kinds)
        await engine.start(services)
        stack.push_async_callback(engine.stop)
        worker = Worker(store=store, queue=engine, handlers=handlers(), clock=clock)
        task = asyncio.create_task(worker.run(), name="worker")
        stack.push_async_callback(_stopped, task)
        port = 0
        if front_door:
            port = await _open_front_door(
                stack, settings, database, worker, token, Parts(store=store, engine=engine)
            )
        yield Running(
            url=f"http://{settings.host}:{port}",
            port=port,
            operator_token=token,
            services=services,
            engine=engine,
            store=store,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the pages read."""

    store: Store
    engine: Engine


async def _open_front_door(
    stack: AsyncExitStack,
    settings: Settings,
    database: str,
    worker: Worker,
    token: str,
    parts: Parts,
) -> int:
    writer = DeliveryWriter(database, on_stored=worker.wake)
    await writer.start()
    stack.push_async_callback(writer.stop)
    receiver = Receiver(
        secret=settings.webhook_secret.get_secret_value(),
        fields=needed_fields(handlers()),
        writer=writer,
    )
    pages = application(
        Dashboard(
            store=parts.store,
            token=token,
            ready=lambda: ready(parts.store, settings.data_dir),
            counts=parts.engine.counts,
            secure_cookie=settings.public_url.startswith("https://"),
        )
    )
    door = FrontDoor(receiver, pages)
    port = await door.start(settings.host, settings.port)
    stack.push_async_callback(door.stop)
    return port


async def serve(settings: Settings, *, front_door: bool = True) -> None:
    """Run until SIGTERM or SIGINT; a second signal is not needed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, front_door=front_door) as harness:
        if front_door:
            _log.info("serve.listening", url=harness.url, webhook=f"{harness.url}/webhook")
            _tell_token(settings, harness.operator_token)
        await stop.wait()
        _log.info("serve.stopping")


def main(*, front_door: bool = True) -> int:
    """``harness serve`` and ``harness worker``: nothing of the command line is imported here."""
    try:
        settings = load_settings()
        log.configure(settings.log_format)
        for name in unknown_names():
            _log.warning("settings.unknown", name=name)
        with _runner() as runner:
            runner.run(serve(settings, front_door=front_door))
    except ConfigurationError as error:
        print(f"harness: {error}", file=sys.stderr)  # noqa: T201  # one clear line, no log format
        return 2
    return 0


def _runner() -> asyncio.Runner:
    """uvloop when the ``fast`` extra is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def operator_token(settings: Settings, data_dir: Path) -> str:
    """The configured token, else one that is generated once and kept readable by its owner only."""
    configured = settings.operator_token.get_secret_value().strip()
    if configured:
        return configured
    path = data_dir / "operator-token"
    if not _content(path):
        # Whole or not at all: half a token, on a full disk say, would open the pages to everybody.
        new = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        try:
            new.touch(mode=0o600, exist_ok=False)
            new.write_text(secrets.token_urlsafe(24) + "\n")
            new.replace(path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    return _content(path)


def _content(path: Path) -> str:
    """Of a file that may not be there."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from error


async def ready(store: Store, data_dir: Path) -> str:
    """Why harness is not ready; empty if it is."""
    pinged = await guard("ready.database", store.ping())
    if isinstance(pinged, Failed):
        return f"the database does not answer: {pinged.reason}"
    free = shutil.disk_usage(data_dir).free
    return "" if free >= MIN_FREE_BYTES else f"only {free // 2**20} MiB of disk are free"


def known_secrets(
    settings: Settings, token: str, known: Mapping[str, AgentKind]
) -> tuple[str, ...]:
    """What must never be posted, whoever writes it into a comment."""
    roles = (settings.developer, settings.planner, settings.judge)
    others = [agent for agent in roles if agent is not None]
    specs = [agent_spec(agent) for agent in (*settings.agents, *others)]
    # A key that is missing or cannot be read is told when its agent starts.
    found = [guard_call("app.key", partial(key_of, s, known.get(s.kind))) for s in specs]
    keys = [key for key in found if not isinstance(key, Failed)]
    ours = [settings.webhook_secret.get_secret_value(), settings.key(), token]
    return tuple(dict.fromkeys(secret for secret in (*ours, *keys) if secret))


def _policy(settings: Settings, known: Mapping[str, AgentKind]) -> Policy:
    return Policy(
        agents=tuple(agent_spec(agent) for agent in settings.agents),
        fail_on=FailOn(settings.fail_on),
        outsiders=settings.outsiders,
        dry_run=settings.dry_run,
        public_url=settings.public_url,
        sandbox_note=SANDBOX_OFF if settings.sandbox == "off" else "",
        judge=judge_spec(settings.judge, known),
        verify=VerifyMode(settings.verify),
        limits=limits(settings),
        developer=developer_spec(settings.developer, known),
        planner=planner_spec(settings.planner, known),
        max_iterations=settings.max_iterations,
        mail_host=f"users.noreply.{urlsplit(settings.github_url).hostname or 'github.com'}",
    )


def limits(settings: Settings) -> Limits:
    return Limits(
        run=settings.budget_run_usd, pull=settings.budget_pr_usd, month=settings.budget_month_usd
    )


def _data_dir(settings: Settings) -> Path:
    path = settings.data_dir.absolute()
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"HARNESS_DATA_DIR: cannot create {path}: {error.strerror}"
        ) from error
    return path


def _tell_token(settings: Settings, token: str) -> None:
    """The token itself is for a terminal only; a log gets its place."""
    if sys.stderr.isatty():
        sys.stderr.write(f"operator token: {token}\n")
    elif not settings.operator_token.get_secret_value():
        _log.info("serve.token", path=str(settings.data_dir / "operator-token"))


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
