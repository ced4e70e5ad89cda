"""Pages, JSON, health and metrics, as one aiohttp application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from bot import guard
from bot.clock import Clock, SystemClock
from bot.dashboard import live
from bot.dashboard.auth import COOKIE, middleware, same, session
from bot.models import (
    AgentReport,
    CostLine,
    Issue,
    RunRecord,
    RunState,
    StoredDelivery,
    Total,
    dollars,
)
from bot.models.text import visible
from bot.store import Store

PAGE = 100

_SCRIPT = (resources.files("bot.dashboard") / "static" / "run.js").read_text("utf-8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dashboard:
    """What the pages read. ``counts`` tells how many jobs the engine has in each state."""

    store: Store
    token: str
    ready: Callable[[], Awaitable[str]]
    """Empty when ready, else the reason why not."""
    counts: Callable[[], Awaitable[Mapping[str, int]]]
    secure_cookie: bool = False
    clock: Clock = field(default_factory=SystemClock)


def application(dashboard: Dashboard) -> web.Application:
    """Everything on the port but ``/webhook``."""
    views = _Views(dashboard)
    streams = live.Streams(dashboard.store)
    app = web.Application(middlewares=[middleware(dashboard.token)])
    app.router.add_get("/", views.runs_page)
    app.router.add_get("/runs/{id}", views.run_page)
    app.router.add_get("/sign-in", views.sign_in_page)
    app.router.add_post("/sign-in", views.sign_in)
    app.router.add_get("/api/runs", views.runs)
    app.router.add_get("/api/runs/{id}", views.run)
    app.router.add_get("/api/runs/{id}/events", streams.events)
    app.router.add_get("/static/run.js", views.script)
    app.on_shutdown.append(streams.stop)
    app.router.add_get("/api/deliveries/{id}", views.delivery)
    app.router.add_get("/healthz", views.healthz)
    app.router.add_get("/readyz", views.readyz)
    app.router.add_get("/metrics", views.metrics)
    return app


class _Views:
    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._store = dashboard.store
        self._pages = Environment(loader=PackageLoader("bot.dashboard"), autoescape=True)
        self._pages.filters["visible"] = visible
        self._pages.filters["dollars"] = dollars

    async def runs_page(self, request: web.Request) -> web.Response:
        runs = await self._store.runs(PAGE)
        return self._page("runs.html", runs=runs)

    async def run_page(self, request: web.Request) -> web.Response:
        run = await self._run(request)
        events = await self._store.events(run.id, 0, live.PAGE)
        reports = await self._store.agent_reports(run.id)
        return self._page(
            "run.html",
            run=run,
            reports=reports,
            issues=await self._store.issues_of_run(run.id),
            rejected={item.issue: item.reason for r in reports for item in r.rejected},
            rows=live.rows(events),
            last=events[-1].seq if events else 0,
            more=len(events) == live.PAGE,
            shown=len(events),
            live=run.state in (RunState.WAITING, RunState.RUNNING),
            now=self._dashboard.clock.now().timestamp(),
            costs=await self._store.costs(run.id),
            pull_cost=await self._store.cost_of_pull(run.repo, run.number),
        )

    async def script(self, request: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="text/javascript")

    async def sign_in_page(self, request: web.Request) -> web.Response:
        return self._page("sign_in.html", wrong=False)

    async def sign_in(self, request: web.Request) -> web.Response:
        sent = str((await request.post()).get("token", "")).strip()
        if not same(sent, self._dashboard.token):
            return self._page("sign_in.html", status=401, wrong=True)
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(
            COOKIE,
            session(self._dashboard.token),
            httponly=True,
            samesite="Strict",
            secure=self._dashboard.secure_cookie,
        )
        raise answer

    async def runs(self, request: web.Request) -> web.Response:
        runs = await self._store.runs(PAGE)
        return web.json_response({"runs": [_run_json(run) for run in runs]})

    async def run(self, request: web.Request) -> web.Response:
        run = await self._run(request)
        reports = await self._store.agent_reports(run.id)
        issues = await self._store.issues_of_run(run.id)
        costs = await self._store.costs(run.id)
        pull_cost = await self._store.cost_of_pull(run.repo, run.number)
        return web.json_response(
            {
                **_run_json(run),
                "agents": [_report_json(report) for report in reports],
                "issues": [_issue_json(issue) for issue in issues],
                "costs": [_cost_json(line) for line in costs],
                "pull_cost": _total_json(pull_cost),
            }
        )

    async def delivery(self, request: web.Request) -> web.Response:
        delivery = await self._store.delivery(request.match_info["id"])
        if delivery is None:
            raise web.HTTPNotFound(text="never stored")
        runs = await self._store.runs_of_delivery(delivery.id)
        return web.json_response(_delivery_json(delivery, runs))

    async def healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(self, request: web.Request) -> web.Response:
        reason = await self._dashboard.ready()
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    async def metrics(self, request: web.Request) -> web.Response:
        registry = CollectorRegistry()
        registry.register(_Collector(await self._dashboard.counts()))
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def _run(self, request: web.Request) -> RunRecord:
        run = await self._store.run(request.match_info["id"])
        if run is None:
            raise web.HTTPNotFound(text="there is no such run")
        return run

    def _page(self, name: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._pages.get_template(name).render(**values)
        return web.Response(text=text, content_type="text/html", status=status)


class _Collector(Collector):
    """Counts of this moment; no repository names, so that metrics may be kept anywhere."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    @override
    def collect(self) -> list[Metric]:
        jobs = GaugeMetricFamily("harness_jobs", "Jobs in the engine.", labels=["state"])
        for state, count in sorted(self._counts.items()):
            jobs.add_metric([state], count)
        failures = CounterMetricFamily(
            "harness_guarded_failures", "Failures kept at a boundary.", labels=["action"]
        )
        for action, count in sorted(guard.failures.items()):
            failures.add_metric([action], count)
        return [jobs, failures]


def _run_json(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.id,
        "repository": run.repo.full_name,
        "number": run.number,
        "head_sha": run.head_sha,
        "base_sha": run.base_sha,
        "trigger": run.trigger,
        "state": run.state.value,
        "conclusion": run.conclusion,
        "title": run.title,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def _report_json(report: AgentReport) -> dict[str, Any]:
    return {
        "agent": report.agent,
        "state": report.state.value,
        "reason": report.reason,
        "required": report.required,
        "findings": len(report.findings),
        "seconds": round(report.run.duration, 3),
        "tokens": {"input": report.run.tokens.input, "output": report.run.tokens.output},
        "cost_usd": None if report.run.cost_usd is None else str(report.run.cost_usd),
    }


def _cost_json(line: CostLine) -> dict[str, Any]:
    return {
        "agent": line.agent,
        "step": line.step,
        "role": line.role,
        "model": line.model,
        "tokens": {
            "input": line.input,
            "cache_read": line.cache_read,
            "cache_write": line.cache_write,
            "output": line.output,
        },
        **_total_json(line.cost),
    }


def _total_json(total: Total) -> dict[str, Any]:
    """``cost_usd`` is null if any part is unknown; ``known_usd`` is at least what it cost."""
    known = f"{total.known.normalize():f}"
    return {
        "calls": total.calls,
        "unknown": total.unknown,
        "cost_usd": None if total.unknown else known,
        "known_usd": known,
    }


def _issue_json(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "state": issue.state.value,
        "severity": issue.severity.value,
        "title": issue.title,
        "file": visible(issue.file),
        "line": issue.line,
        "end_line": issue.end_line,
        "agents": list(issue.agents),
        "placement": issue.anchor.placement.value,
    }


def _delivery_json(delivery: StoredDelivery, runs: list[RunRecord]) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "action": delivery.action,
        "received_at": delivery.received_at.isoformat(),
        "dispatched_at": delivery.dispatched_at.isoformat() if delivery.dispatched_at else None,
        "state": "dispatched" if delivery.dispatched_at else "stored",
        "jobs": list(delivery.jobs),
        "error": delivery.error,
        "runs": [{"id": run.id, "state": run.state.value} for run in runs],
    }
