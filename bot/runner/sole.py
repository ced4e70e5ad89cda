"""One reviewer's word as a whole review: settled like a panel's, with the same proofs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.models import (
    AgentReport,
    AgentRun,
    AgentStatus,
    Change,
    ReportState,
    Review,
    ReviewResult,
)
from bot.runner.settling import settled

NAME = "reviewer"


async def assessed(
    said: Review, source: Callable[[], Awaitable[Change]], *, now: Callable[[], datetime]
) -> ReviewResult:
    """A reviewer without a name has the same one in every round: it answers for its findings."""
    name = said.agent or NAME
    run = AgentRun(name=name, status=AgentStatus.SUCCEEDED, cost_usd=Decimal(0))
    report = AgentReport(
        agent=name,
        state=ReportState.FINISHED,
        run=run,
        findings=tuple(replace(finding, agent=name) for finding in said.findings),
        summary=said.summary,
        guidance=said.guidance,
    )
    return await settled(source, (report,), now=now)
