"""Turns the records of `bot.models` into plain values for JSON columns, and back.

Reading names every field: a row written by an older or newer version is read as far as it is
understood, and what it lacks is the field's default.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import RowMapping

from bot.models import (
    AgentReport,
    AgentRun,
    AgentStatus,
    Anchor,
    AssistantText,
    Event,
    Failure,
    FailureKind,
    Finding,
    Finished,
    ModelUsage,
    Opinion,
    Placement,
    Rejection,
    ReportState,
    RunError,
    Severity,
    Side,
    Started,
    Tokens,
    ToolCall,
    Verified,
)

Plain = dict[str, Any]
R = TypeVar("R")

_EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (Started, AssistantText, ToolCall, Tokens, Finished, RunError)
}


def plain(record: Any) -> Plain:
    """A flat record's fields; enumerations are texts already."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _known(kind: type[R], values: Mapping[str, Any]) -> Plain:
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # R is a record
    return {name: value for name, value in values.items() if name in names}


def read_finding(values: Mapping[str, Any]) -> Finding:
    given = _known(Finding, values)
    given["severity"] = Severity(given["severity"])
    given["side"] = Side(given.get("side", Side.RIGHT))
    return Finding(**given)


def read_anchor(values: Mapping[str, Any]) -> Anchor:
    given = _known(Anchor, values)
    given["placement"] = Placement(given["placement"])
    given["side"] = Side(given.get("side", Side.RIGHT))
    return Anchor(**given)


def plain_event(event: Event) -> Plain:
    fields = plain_tokens(event) if isinstance(event, Tokens) else plain(event)
    return {"event": type(event).__name__, **fields}


def plain_usage(usage: ModelUsage) -> Plain:
    cost = usage.cost_usd
    return {**plain(usage), "cost_usd": None if cost is None else str(cost)}


def read_usage(values: Mapping[str, Any]) -> ModelUsage:
    given = _known(ModelUsage, values)
    given["cost_usd"] = _money(given.get("cost_usd"))
    return ModelUsage(**given)


def plain_tokens(tokens: Tokens) -> Plain:
    cost = tokens.cost_usd
    return {
        **plain(tokens),
        "cost_usd": None if cost is None else str(cost),
        "by_model": [plain_usage(usage) for usage in tokens.by_model],
    }


def read_tokens(values: Mapping[str, Any]) -> Tokens:
    given = _known(Tokens, values)
    given["cost_usd"] = _money(given.get("cost_usd"))
    given["by_model"] = tuple(read_usage(item) for item in given.get("by_model", ()))
    return Tokens(**given)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def read_event(values: Mapping[str, Any]) -> Event:
    kind = _EVENTS[values["event"]]
    if kind is Tokens:
        return read_tokens(values)
    given = _known(kind, values)
    if kind is RunError:
        given["kind"] = FailureKind(given["kind"])
    return kind(**given)


def plain_report(report: AgentReport) -> Plain:
    """All of a report that has no column of its own."""
    run = report.run
    return {
        "run": {
            "name": run.name,
            "status": run.status,
            "buffer": [plain_event(event) for event in run.buffer],
            "elided": run.elided,
            "answer": run.answer,
            "started_at": run.started_at.isoformat() if run.started_at else None,
            "tokens": plain_tokens(run.tokens),
            "usage": [plain_usage(usage) for usage in run.usage],
            "error": plain(run.error) if run.error else None,
            "warnings": run.warnings,
        },
        "findings": [plain(finding) for finding in report.findings],
        "summary": report.summary,
        "praise": report.praise,
        "guidance": report.guidance,
        "reason": report.reason,
        "problems": report.problems,
        "untouched": report.untouched,
        "files": report.files,
        "rejected": [plain(rejection) for rejection in report.rejected],
        "opinion": None if report.opinion is None else plain(report.opinion),
    }


def read_report(row: RowMapping) -> AgentReport:
    """A row of ``agent_runs``."""
    values = row["report"]
    return AgentReport(
        agent=row["agent"],
        state=ReportState(row["state"]),
        required=row["required"],
        run=_read_run(row, values["run"]),
        findings=tuple(read_finding(item) for item in values["findings"]),
        summary=values["summary"],
        praise=_texts(values["praise"]),
        guidance=values["guidance"],
        reason=values["reason"],
        problems=_texts(values["problems"]),
        untouched=values["untouched"],
        files=values.get("files"),
        rejected=tuple(Rejection(**_known(Rejection, item)) for item in values.get("rejected", ())),
        opinion=_opinion(values.get("opinion")),
    )


def _read_run(row: RowMapping, values: Mapping[str, Any]) -> AgentRun:
    error, started_at = values["error"], values["started_at"]
    return AgentRun(
        name=values["name"],
        status=AgentStatus(values["status"]),
        tokens=read_tokens(values["tokens"]),
        usage=tuple(read_usage(item) for item in values.get("usage", ())),
        buffer=tuple(read_event(item) for item in values["buffer"]),
        elided=values["elided"],
        answer=values["answer"],
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        duration=row["duration"],
        error=Failure(kind=FailureKind(error["kind"]), message=error["message"]) if error else None,
        warnings=_texts(values["warnings"]),
        cost_usd=_money(row["cost_usd"]),
    )


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(values)


def _opinion(values: Mapping[str, Any] | None) -> Opinion | None:
    if values is None:
        return None
    given = _known(Opinion, values)
    return Opinion(**{**given, "verified": Verified(given["verified"])})
