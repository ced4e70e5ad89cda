"""bandit: security problems in Python."""

from __future__ import annotations

import json

from pydantic import BaseModel

from bot.agents.answer import title
from bot.agents.reviewer import AgentKind, AgentReviewer, Launcher
from bot.agents.static import AnalyzerReviewer, Report, Target, Tool
from bot.models import AgentSpec, Finding, Severity

SKIPPED = (
    "B101",  # tests are made of asserts
    "B403", "B404", "B405", "B406", "B407", "B408", "B409",  # importing is not using
    "B603", "B607",  # every start of a process, however careful
)  # fmt: skip

SEVERITIES = {
    ("HIGH", "HIGH"): Severity.CRITICAL,
    ("HIGH", "MEDIUM"): Severity.MAJOR,
    ("MEDIUM", "HIGH"): Severity.MAJOR,
    ("MEDIUM", "MEDIUM"): Severity.MAJOR,
}
"""By bandit's (severity, confidence); everything else is minor."""

WEAK = frozenset({"B324", "B303", "B304", "B305", "B413", "B701"})
"""Weak rather than open: never critical."""

CONFIDENCES = {"HIGH": 0.9, "MEDIUM": 0.6, "LOW": 0.3}


class _Result(BaseModel):
    filename: str
    test_id: str
    test_name: str = ""
    issue_text: str
    issue_severity: str
    issue_confidence: str
    line_number: int
    line_range: list[int] = []
    more_info: str = ""


class _Unread(BaseModel):
    filename: str
    reason: str = ""


class _Output(BaseModel):
    results: list[_Result]
    errors: list[_Unread] = []


def read(data: bytes, target: Target) -> Report:
    """bandit's JSON; a file that it could not parse costs only itself."""
    output = _Output.model_validate(json.loads(data))
    warnings = [f"{unread.filename!r}: {unread.reason}" for unread in output.errors]
    found: list[Finding] = []
    for result in output.results:
        path = target.names.path(result.filename)
        if path is None:
            warnings.append(f"a finding names {result.filename!r}, no file of the change")
        else:
            found.append(_finding(result, path, target.agent))
    return Report(findings=tuple(found), warnings=tuple(warnings))


def severity(result_severity: str, confidence: str, rule: str) -> Severity:
    found = SEVERITIES.get((result_severity, confidence), Severity.MINOR)
    return Severity.MAJOR if rule in WEAK and found is Severity.CRITICAL else found


def _finding(result: _Result, path: str, agent: str) -> Finding:
    line = result.line_number
    last = max([line, *result.line_range])
    more = f" ({result.more_info})" if result.more_info else ""
    return Finding(
        agent=agent,
        severity=severity(result.issue_severity, result.issue_confidence, result.test_id),
        file=path,
        line=line,
        end_line=last if last > line else None,
        title=title(result.issue_text),
        description=f"{' '.join(result.issue_text.split())}{more}",
        category="security",
        confidence=CONFIDENCES.get(result.issue_confidence),
        rule=result.test_id,
    )


TOOL = Tool(
    program="bandit",
    arguments=(
        "--quiet",
        "--format=json",
        "--ignore-nosec",
        "--exit-zero",
        "--exclude=",  # by default a file in .tox/ or __pycache__/ is not looked at
        f"--skip={','.join(SKIPPED)}",
    ),
    matches=lambda path: path.endswith(".py"),
    read=read,
)


def build(spec: AgentSpec, sandbox: Launcher) -> AgentReviewer:
    return AnalyzerReviewer(spec, TOOL, sandbox)


AGENT = AgentKind(
    name="bandit",
    summary="bandit: security problems in changed Python files",
    analyzer=True,
    program="bandit",
    build=build,
    reads=TOOL.matches,
)
