"""What the analyzers' own output becomes: findings of the contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.agents.adapters import bandit, ruff, zizmor
from bot.agents.analyzer import Names
from bot.agents.static import Report, Target
from bot.models import Diff, FileDiff, FileStatus, Finding, Hunk, Severity

TREE = Path("/trees/1")
LINES = ("import os", "x = 1", "if x is 'y':", "    pass")


def target(*paths: str) -> Target:
    hunk = Hunk(
        old_start=0, old_lines=0, new_start=1, new_lines=4, lines=tuple(f"+{x}" for x in LINES)
    )
    files = tuple(
        FileDiff(path=path, old_path=path, status=FileStatus.ADDED, hunks=(hunk,)) for path in paths
    )
    return Target(
        agent="me",
        diff=Diff(base_sha="b", head_sha="h", files=files),
        names=Names(TREE, paths),
    )


# --------------------------------------------------------------------------------------- ruff


def violation(
    rule: str | None,
    message: str = "something",
    *,
    start: tuple[int, int] = (1, 8),
    end: tuple[int, int] = (1, 10),
    fix: dict[str, Any] | None = None,
    filename: str = "/trees/1/a.py",
) -> dict[str, Any]:
    return {
        "cell": None,
        "code": rule,
        "message": message,
        "filename": filename,
        "location": {"row": start[0], "column": start[1]},
        "end_location": {"row": end[0], "column": end[1]},
        "fix": fix,
        "noqa_row": 1,
        "severity": "error",
        "url": "https://docs.astral.sh/ruff/rules/x" if rule else None,
    }


def fix(start: tuple[int, int], end: tuple[int, int], content: str = "", how: str = "safe") -> Any:
    return {
        "applicability": how,
        "message": "Mend it",
        "edits": [
            {
                "content": content,
                "location": {"row": start[0], "column": start[1]},
                "end_location": {"row": end[0], "column": end[1]},
            }
        ],
    }


def read_ruff(*violations: dict[str, Any]) -> Report:
    return ruff.read(json.dumps(violations).encode(), target("a.py"))


def test_a_violation_becomes_a_finding() -> None:
    (found,) = read_ruff(
        violation("F401", "`os` imported but unused", fix=fix((1, 1), (2, 1)))
    ).findings

    assert found == Finding(
        agent="me",
        severity=Severity.MINOR,
        file="a.py",
        line=1,
        title="`os` imported but unused",
        description="`os` imported but unused (https://docs.astral.sh/ruff/rules/x)",
        suggestion="Mend it",
        replacement="",
        category="maintainability",
        rule="F401",
    )


def test_a_safe_fix_of_the_same_lines_is_a_replacement() -> None:
    (found,) = read_ruff(
        violation("F632", start=(3, 4), end=(3, 12), fix=fix((3, 6), (3, 8), "=="))
    ).findings

    assert found.replacement == "if x == 'y':"


@pytest.mark.parametrize(
    "given",
    [fix((3, 6), (3, 8), "==", "unsafe"), fix((2, 1), (3, 8), "if x =="), None],
)
def test_no_other_fix_is_a_replacement(given: Any) -> None:
    (found,) = read_ruff(violation("F632", start=(3, 4), end=(3, 12), fix=given)).findings

    assert found.replacement is None


def test_a_violation_that_ends_before_a_line_does_not_hold_it() -> None:
    whole, several = read_ruff(
        violation("B018", start=(2, 1), end=(3, 1)), violation("S110", start=(2, 1), end=(4, 9))
    ).findings

    assert (whole.line, whole.end_line) == (2, None)
    assert (several.line, several.end_line) == (2, 4)


@pytest.mark.parametrize(
    ("rule", "severity", "category"),
    [
        (None, Severity.MAJOR, "correctness"),
        ("E902", Severity.MAJOR, "correctness"),
        ("F821", Severity.MAJOR, "correctness"),
        ("F841", Severity.MINOR, "maintainability"),
        ("S602", Severity.MAJOR, "security"),
        ("S105", Severity.MINOR, "security"),
        ("S1", Severity.MAJOR, "security"),
        ("B006", Severity.MAJOR, "correctness"),
        ("B018", Severity.MINOR, "correctness"),
        ("NEW999", Severity.MINOR, "correctness"),
    ],
)
def test_rules_have_a_severity_and_a_category(
    rule: str | None, severity: Severity, category: str
) -> None:
    (found,) = read_ruff(violation(rule)).findings

    assert (found.severity, found.category) == (severity, category)


def test_a_violation_in_another_file_is_told_and_left_out() -> None:
    report = read_ruff(violation("F401", filename="/etc/passwd"), violation("F401"))

    assert len(report.findings) == 1
    assert report.warnings == ("1 findings name no file of the change",)


# ------------------------------------------------------------------------------------- bandit


def result(severity: str, confidence: str, **more: Any) -> dict[str, Any]:
    return {
        "filename": "./a.py",
        "test_id": "B602",
        "test_name": "x",
        "issue_text": "subprocess call with shell=True identified, security issue.",
        "issue_severity": severity,
        "issue_confidence": confidence,
        "issue_cwe": {"id": 78},
        "line_number": 2,
        "line_range": [2, 3, 4],
        "more_info": "https://bandit.readthedocs.io/x",
        "code": "x",
    } | more


def read_bandit(*results: dict[str, Any], errors: list[dict[str, str]] | None = None) -> Report:
    output = {"results": results, "errors": errors or [], "metrics": {}}
    return bandit.read(json.dumps(output).encode(), target("a.py", "b\udcff.py"))


def test_a_result_becomes_a_finding() -> None:
    (found,) = read_bandit(result("HIGH", "HIGH")).findings

    assert found == Finding(
        agent="me",
        severity=Severity.CRITICAL,
        file="a.py",
        line=2,
        end_line=4,
        title="subprocess call with shell=True identified, security issue",
        description="subprocess call with shell=True identified, security issue."
        " (https://bandit.readthedocs.io/x)",
        category="security",
        confidence=0.9,
        rule="B602",
    )


@pytest.mark.parametrize(
    ("severity", "confidence", "rule", "expected"),
    [
        ("HIGH", "MEDIUM", "B602", Severity.MAJOR),
        ("HIGH", "LOW", "B602", Severity.MINOR),
        ("HIGH", "HIGH", "B324", Severity.MAJOR),
        ("MEDIUM", "HIGH", "B307", Severity.MAJOR),
        ("MEDIUM", "LOW", "B608", Severity.MINOR),
        ("LOW", "HIGH", "B110", Severity.MINOR),
        ("UNDEFINED", "UNDEFINED", "B999", Severity.MINOR),
    ],
)
def test_severity_takes_confidence_into_account(
    severity: str, confidence: str, rule: str, expected: Severity
) -> None:
    (found,) = read_bandit(result(severity, confidence, test_id=rule)).findings

    assert found.severity is expected


def test_odd_names_and_unreadable_files() -> None:
    report = read_bandit(
        result("LOW", "LOW", filename="././b\udcff.py", line_range=[]),
        result("LOW", "LOW", filename="./c.py"),
        errors=[{"filename": "./a.py", "reason": "syntax error while parsing AST from file"}],
    )

    (found,) = report.findings
    assert (found.file, found.end_line) == ("b\udcff.py", None)
    assert report.warnings == (
        "'./a.py': syntax error while parsing AST from file",
        "a finding names './c.py', no file of the change",
    )


# ------------------------------------------------------------------------------------- zizmor

WORKFLOW = ".github/workflows/c i.yml"


def sarif(
    severity: str = "High",
    confidence: str = "High",
    rule: str = "zizmor/template-injection",
    message: str = "code injection via template expansion: may expand into code",
    uri: str = f"./{WORKFLOW}",
    **region: int,
) -> dict[str, Any]:
    return {
        "kind": "fail",
        "level": "error",
        "locations": [
            {
                "message": {"text": "x"},
                "physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": {"startLine": 9, "startColumn": 4} | region,
                },
            }
        ],
        "message": {"text": message},
        "properties": {"zizmor/severity": severity, "zizmor/confidence": confidence},
        "ruleId": rule,
    }


def read_zizmor(*results: dict[str, Any]) -> Report:
    log = {"version": "2.1.0", "runs": [{"tool": {}, "results": results}]}
    return zizmor.read(json.dumps(log).encode(), target(WORKFLOW))


def test_a_sarif_result_becomes_a_finding() -> None:
    (found,) = read_zizmor(sarif(endLine=9, endColumn=55)).findings

    assert found == Finding(
        agent="me",
        severity=Severity.CRITICAL,
        file=WORKFLOW,
        line=9,
        title="code injection via template expansion",
        description="code injection via template expansion: may expand into code",
        category="security",
        confidence=0.9,
        rule="template-injection",
    )


def test_regions_uris_and_messages_in_other_shapes() -> None:
    job, encoded, terse = read_zizmor(
        sarif(endLine=12, endColumn=1),
        sarif(uri="./.github/workflows/c%20i.yml"),
        sarif(message="terse"),
    ).findings

    assert (job.line, job.end_line) == (9, 11)
    assert encoded.file == WORKFLOW
    assert (terse.title, terse.description) == ("terse", "terse")


@pytest.mark.parametrize(
    ("severity", "confidence", "rule", "expected"),
    [
        ("High", "Medium", "zizmor/dangerous-triggers", Severity.MAJOR),
        ("Medium", "High", "zizmor/artipacked", Severity.MAJOR),
        ("Medium", "Medium", "zizmor/excessive-permissions", Severity.MINOR),
        ("High", "High", "zizmor/unpinned-uses", Severity.MINOR),
        ("Unknown", "Unknown", "zizmor/new", Severity.MINOR),
    ],
)
def test_zizmor_grades(severity: str, confidence: str, rule: str, expected: Severity) -> None:
    (found,) = read_zizmor(sarif(severity, confidence, rule)).findings

    assert found.severity is expected


def test_a_result_in_another_file_is_left_out() -> None:
    report = read_zizmor(sarif(uri="/etc/passwd"))

    assert report.findings == ()
    assert report.warnings == ("a finding names '/etc/passwd', no file of the change",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".github/workflows/ci.yml", True),
        (".github/workflows/ci.yaml", True),
        (".github/workflows/deep/ci.yml", False),
        ("action.yml", True),
        ("tools/x/action.yaml", True),
        ("tools/x/reaction.yml", False),
        (".github/dependabot.yml", False),
        (".github/workflows/readme.md", False),
    ],
)
def test_which_files_are_workflows_and_actions(path: str, expected: bool) -> None:
    assert zizmor.matches(path) is expected


# ---------------------------------------------------------------------------------------- all


@pytest.mark.parametrize(
    "read", [ruff.read, bandit.read, zizmor.read], ids=["ruff", "bandit", "zizmor"]
)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"null",
        b"{}",
        b"[1]",
        b'{"results": 3}',
        b'{"runs": []}',
        b"\xff\xfe",
        b"[",
    ],
)
def test_what_a_tool_does_not_write_is_unreadable(read: Any, data: bytes) -> None:
    with pytest.raises(ValueError):
        read(data, target("a.py"))
