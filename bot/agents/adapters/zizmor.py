"""zizmor: security problems in GitHub Actions workflows and composite actions."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from bot.agents.answer import title
from bot.agents.reviewer import AgentKind, AgentReviewer, Launcher
from bot.agents.static import AnalyzerReviewer, Report, Target, Tool
from bot.models import AgentSpec, Finding, Severity

SEVERITIES = {
    ("High", "High"): Severity.CRITICAL,
    ("High", "Medium"): Severity.MAJOR,
    ("Medium", "High"): Severity.MAJOR,
}
"""By zizmor's (severity, confidence); everything else is minor."""

HABITS = frozenset({"unpinned-uses", "unpinned-images", "ref-version-mismatch"})
"""How most workflows are written: worth saying, not worth failing a check."""

CONFIDENCES = {"High": 0.9, "Medium": 0.6, "Low": 0.3}


class _Text(BaseModel):
    text: str = ""


class _Artifact(BaseModel):
    uri: str


class _Region(BaseModel):
    start: int = Field(alias="startLine")
    end: int | None = Field(default=None, alias="endLine")
    end_column: int | None = Field(default=None, alias="endColumn")


class _Physical(BaseModel):
    artifact: _Artifact = Field(alias="artifactLocation")
    region: _Region


class _Location(BaseModel):
    physical: _Physical = Field(alias="physicalLocation")


class _Properties(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    severity: str = Field(default="", alias="zizmor/severity")
    confidence: str = Field(default="", alias="zizmor/confidence")


class _Result(BaseModel):
    rule: str = Field(alias="ruleId")
    message: _Text
    locations: list[_Location] = Field(min_length=1)
    properties: _Properties = _Properties()


class _Run(BaseModel):
    results: list[_Result]


class _Log(BaseModel):
    runs: list[_Run] = Field(min_length=1)


def read(data: bytes, target: Target) -> Report:
    """zizmor's SARIF; the first location is the primary one."""
    log = _Log.model_validate(json.loads(data))
    found: list[Finding] = []
    warnings: list[str] = []
    for result in (result for run in log.runs for result in run.results):
        uri = result.locations[0].physical.artifact.uri
        path = target.names.path(uri) or target.names.path(unquote(uri))
        if path is None:
            warnings.append(f"a finding names {uri!r}, no file of the change")
        else:
            found.append(_finding(result, path, target.agent))
    return Report(findings=tuple(found), warnings=tuple(warnings))


def severity(result_severity: str, confidence: str, rule: str) -> Severity:
    if rule in HABITS:
        return Severity.MINOR
    return SEVERITIES.get((result_severity, confidence), Severity.MINOR)


def matches(path: str) -> bool:
    """Workflows lie in one folder; an action is a file of that name anywhere."""
    file = PurePosixPath(path)
    if file.suffix not in (".yml", ".yaml"):
        return False
    return file.stem == "action" or file.parent == PurePosixPath(".github/workflows")


def _finding(result: _Result, path: str, agent: str) -> Finding:
    rule = result.rule.removeprefix("zizmor/")
    region = result.locations[0].physical.region
    last = region.end if region.end is not None else region.start
    if region.end_column == 1 and last > region.start:
        last -= 1
    what, _, why = result.message.text.partition(": ")
    grade = result.properties
    return Finding(
        agent=agent,
        severity=severity(grade.severity, grade.confidence, rule),
        file=path,
        line=region.start,
        end_line=last if last > region.start else None,
        title=title(what or rule),
        description=f"{what}: {why}" if why else what or rule,
        category="security",
        confidence=CONFIDENCES.get(grade.confidence),
        rule=rule,
    )


TOOL = Tool(
    program="zizmor",
    arguments=(
        "--quiet",
        "--offline",
        "--no-config",
        "--no-ignores",
        "--no-exit-codes",
        "--no-progress",
        "--color=never",
        "--persona=regular",
        "--collect=all",  # a .gitignore must not hide a workflow
        "--format=sarif",
    ),
    matches=matches,
    read=read,
    alone=True,  # among others, a file that is no YAML would be skipped in silence
    utf8_names=True,
    harmless={3: "it could not be read as a workflow or action"},
)


def build(spec: AgentSpec, sandbox: Launcher) -> AgentReviewer:
    return AnalyzerReviewer(spec, TOOL, sandbox)


AGENT = AgentKind(
    name="zizmor",
    summary="zizmor: security problems in changed GitHub Actions workflows",
    analyzer=True,
    program="zizmor",
    build=build,
    reads=TOOL.matches,
)
