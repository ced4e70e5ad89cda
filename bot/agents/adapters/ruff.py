"""ruff: real bugs and security problems in Python, not style."""

from __future__ import annotations

import json

from pydantic import BaseModel, TypeAdapter

from bot.agents.answer import title
from bot.agents.edits import Edit, Replacement, replacement
from bot.agents.reviewer import AgentKind, AgentReviewer, Launcher
from bot.agents.static import AnalyzerReviewer, Report, Target, Tool
from bot.models import AgentSpec, Finding, Severity

SELECTED = (
    "E9", "E711", "E722", "F", "B", "S", "PLE", "ASYNC", "YTT", "INT", "LOG", "T10", "NPY201",
    "PLR0124", "PLW0120", "PLW0127", "PLW0128", "PLW0129", "PLW0131", "PLW0133", "PLW0211",
    "PLW0245", "PLW0406", "PLW0602", "PLW0604", "PLW0711", "PLW1501", "PLW1507", "PLW1508",
    "PLW1509", "PLW2101", "RUF006", "RUF008", "RUF009", "RUF016", "RUF017", "RUF018", "RUF024",
    "RUF026", "RUF030", "RUF032", "RUF034", "RUF040", "RUF048", "RUF053", "RUF060", "TRY203",
)  # fmt: skip
"""Rules whose hit is a mistake or a risk; named here, never taken from the tree."""

IGNORED = (
    "ASYNC109",  # a parameter called timeout is a matter of taste
    "B007", "B009", "B010", "B024", "B027", "B028", "B904", "B905",  # style
    "B008",  # a call as a default is how FastAPI and typer declare parameters
    "F403", "F405",  # star imports: every name "may be undefined"
    "S101",  # tests are made of asserts
    "S404", "S603", "S607",  # every start of a process, however careful
)  # fmt: skip

SEVERITIES = {
    "invalid-syntax": Severity.MAJOR,
    "E9": Severity.MAJOR,
    "F50": Severity.MAJOR, "F521": Severity.MAJOR, "F63": Severity.MAJOR, "F70": Severity.MAJOR,
    "F82": Severity.MAJOR, "F901": Severity.MAJOR,
    "PLE": Severity.MAJOR,
    "B002": Severity.MAJOR, "B006": Severity.MAJOR, "B012": Severity.MAJOR,
    "B015": Severity.MAJOR, "B020": Severity.MAJOR, "B023": Severity.MAJOR,
    "B025": Severity.MAJOR, "B030": Severity.MAJOR, "B031": Severity.MAJOR,
    "B032": Severity.MAJOR, "B035": Severity.MAJOR, "B039": Severity.MAJOR,
    "S1": Severity.MAJOR, "S2": Severity.MAJOR, "S3": Severity.MAJOR, "S5": Severity.MAJOR,
    "S6": Severity.MAJOR, "S7": Severity.MAJOR,
    "S104": Severity.MINOR, "S105": Severity.MINOR, "S106": Severity.MINOR,
    "S107": Severity.MINOR, "S108": Severity.MINOR, "S110": Severity.MINOR,
    "S112": Severity.MINOR, "S113": Severity.MINOR, "S310": Severity.MINOR,
    "S311": Severity.MINOR,
    "T10": Severity.MAJOR,
}  # fmt: skip
"""By the longest prefix of the rule; everything else is minor."""

_UNUSED = ("F401", "F811", "F841", "F842", "F541")


class _Place(BaseModel):
    row: int
    column: int


class _Change(BaseModel):
    content: str
    location: _Place
    end_location: _Place


class _Fix(BaseModel):
    applicability: str = ""
    message: str | None = None
    edits: list[_Change] = []


class _Violation(BaseModel):
    code: str | None = None
    message: str
    filename: str
    location: _Place
    end_location: _Place
    fix: _Fix | None = None
    url: str | None = None


_OUTPUT = TypeAdapter(list[_Violation])


def read(data: bytes, target: Target) -> Report:
    """ruff's JSON: unlike its SARIF it says which fixes are safe."""
    found: list[Finding] = []
    unknown = 0
    for violation in _OUTPUT.validate_python(json.loads(data)):
        path = target.names.path(violation.filename)
        if path is None:
            unknown += 1
        else:
            found.append(_finding(violation, path, target))
    warnings = (f"{unknown} findings name no file of the change",) if unknown else ()
    return Report(findings=tuple(found), warnings=warnings)


def severity(rule: str) -> Severity:
    prefixes = (rule[:length] for length in range(len(rule), 0, -1))
    return next((SEVERITIES[prefix] for prefix in prefixes if prefix in SEVERITIES), Severity.MINOR)


def category(rule: str) -> str:
    if rule.startswith("S") and rule[1:].isdigit():
        return "security"
    return "maintainability" if rule in _UNUSED else "correctness"


def _finding(violation: _Violation, path: str, target: Target) -> Finding:
    rule = violation.code or "invalid-syntax"
    line = violation.location.row
    end = violation.end_location
    last = end.row - 1 if end.column == 1 and end.row > line else end.row
    fix = _safe(violation.fix, path, target, line, last)
    more = f" ({violation.url})" if violation.url else ""
    return Finding(
        agent=target.agent,
        severity=severity(rule),
        file=path,
        line=line,
        end_line=last if last > line else None,
        title=title(violation.message),
        description=f"{violation.message}{more}",
        suggestion=(violation.fix.message or "") if violation.fix else "",
        replacement=fix.text if fix is not None else None,
        category=category(rule),
        rule=rule,
    )


def _safe(fix: _Fix | None, path: str, target: Target, line: int, last: int) -> Replacement | None:
    """A fix that ruff calls safe, if it changes exactly the lines of the finding."""
    file = target.diff.file(path)
    if fix is None or fix.applicability != "safe" or file is None:
        return None
    edits = [
        Edit(
            line=edit.location.row,
            column=edit.location.column,
            end_line=edit.end_location.row,
            end_column=edit.end_location.column,
            content=edit.content,
        )
        for edit in fix.edits
    ]
    done = replacement(edits, file)
    return done if done is not None and (done.line, done.end_line) == (line, last) else None


TOOL = Tool(
    program="ruff",
    arguments=(
        "check",
        "--isolated",
        "--no-cache",
        "--no-respect-gitignore",
        "--ignore-noqa",
        "--exit-zero",
        "--quiet",
        "--color=never",
        "--output-format=json",
        "--target-version=py314",
        f"--select={','.join(SELECTED)}",
        f"--ignore={','.join(IGNORED)}",
        # What a package's __init__ imports is its interface.
        "--per-file-ignores=__init__.py:F401",
    ),
    matches=lambda path: path.endswith((".py", ".pyi")),
    read=read,
)


def build(spec: AgentSpec, sandbox: Launcher) -> AgentReviewer:
    return AnalyzerReviewer(spec, TOOL, sandbox)


AGENT = AgentKind(
    name="ruff",
    summary="ruff: bugs and security problems in changed Python files",
    analyzer=True,
    program="ruff",
    build=build,
    reads=TOOL.matches,
)
