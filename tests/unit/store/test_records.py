"""Records survive the way through JSON, unchanged and with their types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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
    Placement,
    ReportState,
    RunError,
    Severity,
    Side,
    Started,
    Tokens,
    ToolCall,
)
from bot.store.records import (
    plain,
    plain_event,
    plain_report,
    read_anchor,
    read_event,
    read_finding,
    read_report,
)

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
LINE = st.none() | st.integers(min_value=1, max_value=10**20)
FINDINGS = st.builds(
    Finding,
    agent=TEXT,
    severity=st.sampled_from(Severity),
    file=TEXT,
    description=TEXT,
    line=LINE,
    end_line=LINE,
    side=st.sampled_from(Side),
    replacement=st.none() | TEXT,
    confidence=st.none() | st.floats(0, 1),
)
ANCHORS = st.builds(
    Anchor, placement=st.sampled_from(Placement), path=TEXT, side=st.sampled_from(Side), line=LINE
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started),
    st.builds(AssistantText, text=TEXT),
    st.builds(ToolCall, name=TEXT, args=TEXT),
    st.builds(Tokens, input=st.integers(0), output=st.integers(0)),
    st.builds(Finished, success=st.booleans()),
    st.builds(RunError, message=TEXT, kind=st.sampled_from(FailureKind), warning=st.booleans()),
)


def through_json(values: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(values))
    return read


@given(FINDINGS)
def test_findings(finding: Finding) -> None:
    read = read_finding(through_json(plain(finding)))
    assert read == finding
    assert type(read.severity) is Severity
    assert type(read.side) is Side


@given(ANCHORS)
def test_anchors(anchor: Anchor) -> None:
    read = read_anchor(through_json(plain(anchor)))
    assert read == anchor
    assert type(read.placement) is Placement


@given(EVENTS)
def test_events(event: Event) -> None:
    read = read_event(through_json(plain_event(event)))
    assert read == event
    assert type(read) is type(event)


def test_a_finding_of_a_newer_version_is_read_as_far_as_it_is_understood() -> None:
    finding = Finding(agent="a", severity=Severity.MINOR, file="f", description="d")
    assert read_finding({**plain(finding), "mood": "grim"}) == finding


def test_a_finding_of_an_older_version_gets_defaults() -> None:
    read = read_finding({"agent": "a", "severity": "minor", "file": "f", "description": "d"})
    assert read == Finding(agent="a", severity=Severity.MINOR, file="f", description="d")


def test_a_whole_report() -> None:
    report = AgentReport(
        agent="ruff",
        state=ReportState.FAILED,
        required=False,
        run=AgentRun(
            name="ruff",
            status=AgentStatus.FAILED,
            tokens=Tokens(input=7, output=2),
            buffer=(
                Started(),
                RunError(message="m", kind=FailureKind.QUOTA),
                Finished(success=False),
            ),
            elided=3,
            answer="text \udc80 \x00",
            started_at=datetime(2026, 11, 21, tzinfo=UTC),
            duration=1.5,
            error=Failure(kind=FailureKind.TIMEOUT, message="too slow"),
            warnings=("w",),
            cost_usd=Decimal("0.10"),
        ),
        findings=(Finding(agent="ruff", severity=Severity.MAJOR, file="f", description="d"),),
        summary="s",
        praise=("p", "q"),
        guidance="g",
        reason="r",
        problems=("one",),
        untouched=4,
        files=7,
    )
    row: Any = {
        "agent": "ruff",
        "state": "failed",
        "required": False,
        "duration": 1.5,
        "cost_usd": "0.10",
        "report": through_json(plain_report(report)),
    }
    assert read_report(row) == report
