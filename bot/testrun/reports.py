"""Reports in JSON, of the frameworks that write no JUnit XML themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.findings.paths import BadPath, normal_path
from bot.testrun.tally import Tally, names

MAX_BYTES = 8 * 1024 * 1024


def read_jest(data: bytes) -> Tally:
    """``jest --json``. `ValueError`: it cannot be read."""
    report = _object(data)
    suites = [suite for suite in _list(report, "testResults") if isinstance(suite, dict)]
    tests = [
        {**test, "file": suite.get("name")}
        for suite in suites
        for test in _list(suite, "assertionResults")
        if isinstance(test, dict)
    ]
    states = [test.get("status") for test in tests]
    failed = max(states.count("failed"), _number(report, "numFailedTests"))
    # A file that could not even be loaded has no test that failed.
    broken = [s for s in suites if s.get("status") == "failed" and not _list(s, "assertionResults")]
    errors = max(len(broken), _number(report, "numRuntimeErrorTestSuites"))
    return Tally(
        passed=_number(report, "numPassedTests"),
        failed=failed,
        errors=errors,
        skipped=_number(report, "numPendingTests") + _number(report, "numTodoTests"),
        names=names(
            (*_failed(tests, "fullName", "file"), *(_file(suite.get("name")) for suite in broken))
        ),
    )


def read_rspec(data: bytes) -> Tally:
    """``rspec --format json``. `ValueError`: it cannot be read."""
    report = _object(data)
    summary = report.get("summary")
    if not isinstance(summary, dict):
        raise ValueError("the report has no summary")  # noqa: TRY004  # one error for the caller
    total, failed = _number(summary, "example_count"), _number(summary, "failure_count")
    pending = _number(summary, "pending_count")
    examples = _list(report, "examples")
    return Tally(
        passed=max(0, total - failed - pending),
        failed=failed,
        errors=_number(summary, "errors_outside_of_examples_count"),
        skipped=pending,
        names=names(_failed(examples, "full_description", "file_path")),
    )


def _failed(tests: list[Any], key: str, file: str) -> Iterator[str]:
    """With their file: a title such as "renders" stands in many."""
    for test in tests:
        if isinstance(test, dict) and test.get("status") == "failed":
            yield f"{_file(test.get(file))} {test.get(key)}"


def _file(value: object) -> str:
    """Inside a sandbox the tree lies elsewhere than here."""
    try:
        return normal_path(str(value))
    except BadPath:
        return str(value)


def _object(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise ValueError(f"the report is larger than {MAX_BYTES} bytes")
    try:
        report = json.loads(data)
    except RecursionError as error:
        raise ValueError("the report nests too deeply") from error
    if not isinstance(report, dict):
        raise ValueError("the report is no object")  # noqa: TRY004  # one error for the caller
    return report


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _number(value: dict[str, Any], key: str) -> int:
    found = value.get(key, 0)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise ValueError(f"{key} is no count")
    return found
