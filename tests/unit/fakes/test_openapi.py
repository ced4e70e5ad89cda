"""The check against GitHub's REST description refuses what it should."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.openapi import OpenApiMismatch, check_request, check_response, find_operation
from tests.fakes.payloads import payload, schema

RUNS = "/repos/o/r/check-runs"
CHECK = {"name": "n", "head_sha": "a" * 40}
MARK = {"path": "x", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}


@pytest.mark.parametrize(
    ("method", "path", "operation", "params"),
    [
        (
            "GET",
            "/repos/o/r/contents/.github/a%20b.yml",
            "repos/get-content",
            {"path": ".github/a b.yml"},
        ),
        ("GET", "/repos/o/r/commits/abc/check-runs", "checks/list-for-ref", {"ref": "abc"}),
        ("GET", "/repos/o/r/commits/heads/main", "repos/get-commit", {"ref": "heads/main"}),
        (
            "PATCH",
            "/repos/o/r/pulls/comments/1",
            "pulls/update-review-comment",
            {"comment_id": "1"},
        ),
        ("get", "/repos/o/r/branches/feature%2Fx", "repos/get-branch", {"branch": "feature/x"}),
    ],
)
def test_paths_find_their_operation(
    method: str, path: str, operation: str, params: dict[str, str]
) -> None:
    found = find_operation(method, path)
    assert found.id == operation
    assert params.items() <= found.params.items()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/repos/o/r/pulls", "state=open&per_page=100", None),
        ("GET", "/repos/o/r/pulls", {"state": "all"}, None),
        ("POST", RUNS, "", CHECK),
        ("POST", RUNS, "", {**CHECK, "status": "completed", "conclusion": "success"}),
        (
            "POST",
            RUNS,
            "",
            {**CHECK, "output": {"title": "t", "summary": "s", "annotations": [MARK]}},
        ),
        ("PATCH", f"{RUNS}/1", "", {"status": "in_progress"}),
        ("POST", "/app/installations/1/access_tokens", "", {"permissions": {"checks": "write"}}),
        ("POST", "/app/installations/1/access_tokens", "", None),
    ],
)
def test_good_requests(method: str, path: str, query: Any, body: Any) -> None:
    check_request(method, path, query, body)


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "words"),
    [
        ("GET", "/nowhere", "", None, "GitHub has no"),
        ("DELETE", RUNS, "", None, "GitHub has no"),
        ("GET", "/repos/o/r/pulls/x", "", None, "not of type 'integer'"),
        ("GET", "/repos/o/r/pulls", "sate=open", None, "no query parameter 'sate'"),
        ("GET", "/repos/o/r/pulls", "state=opn", None, "not one of"),
        ("GET", "/repos/o/r/pulls", "per_page=many", None, "not of type 'integer'"),
        ("GET", "/repos/o/r/pulls", "", {"x": 1}, "takes no body"),
        ("POST", RUNS, "", None, "needs a body"),
        ("POST", RUNS, "", {"name": "n"}, "'head_sha' is a required"),
        ("POST", RUNS, "", {**CHECK, "sumary": "s"}, "'sumary' was unexpected"),
        ("POST", RUNS, "", {**CHECK, "output": {"title": "t", "summary": "s", "txt": ""}}, "'txt'"),
        ("POST", RUNS, "", {**CHECK, "status": "done"}, "not one of"),
        ("POST", RUNS, "", {**CHECK, "status": "completed"}, "needs 'conclusion'"),
        ("PATCH", f"{RUNS}/1", "", {"status": "completed"}, "of checks/update"),
        (
            "POST",
            RUNS,
            "",
            {**CHECK, "output": {"title": "t", "summary": "s", "annotations": [MARK] * 51}},
            "too long",
        ),
        (
            "POST",
            "/app/installations/1/access_tokens",
            "",
            {"permissions": {"check": "write"}},
            "'check'",
        ),
        (
            "POST",
            "/app/installations/1/access_tokens",
            "",
            {"permissions": {"checks": "all"}},
            "one of",
        ),
        (
            "POST",
            "/repos/o/r/pulls/1/reviews",
            "",
            {"event": "COMMENT", "body": ""},
            "needs 'body'",
        ),
    ],
)
def test_bad_requests(method: str, path: str, query: Any, body: Any, words: str) -> None:
    with pytest.raises(OpenApiMismatch, match=words):
        check_request(method, path, query, body)


def test_answers() -> None:
    pull = "/repos/o/r/pulls/1"
    good = payload("GET", pull, 200, {"user": {"login": "ann"}, "body": None})
    check_response("GET", pull, 200, good)
    check_response("GET", pull, 404, {"message": "Not Found"})
    check_response("GET", pull, 502, {"message": "Server Error"})
    check_response("GET", pull, 304)
    check_response("GET", "/repos/o/r/pulls", 200, [schema("pull-request-simple")])
    for status, body, words in [
        (200, {**good, "user": None}, "None is not of type 'object'"),
        (200, {**good, "created_at": "yesterday"}, "not a 'date-time'"),
        (200, {**good, "number": "1"}, "not of type 'integer'"),
        (200, {k: v for k, v in good.items() if k != "head"}, "'head' is a required"),
        (404, {"message": 4}, "not of type 'string'"),
        (299, {}, "never answers 299"),
        (304, {}, "has no body"),
    ]:
        with pytest.raises(OpenApiMismatch, match=words):
            check_response("GET", pull, status, body)


def test_made_payloads_hold_what_a_test_says() -> None:
    made = payload("GET", "/repos/o/r/pulls", 200, [{"number": 4, "user": None}, {"title": "x"}])
    assert [(p["number"], p["title"]) for p in made] == [(4, "text"), (1, "x")]
    assert made[0]["user"] is None
    with pytest.raises(OpenApiMismatch):
        payload("GET", "/repos/o/r/pulls", 200, [{"number": "four"}])
