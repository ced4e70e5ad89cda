"""Which error an answer is, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AccessLost, GitHubError, HarnessError, TryLater, Unprocessable
from bot.github.retries import (
    LONGEST,
    SECONDARY,
    TROUBLE,
    is_quick,
    judge,
    judge_graphql,
    retry_after,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESET = str(int(NOW.timestamp()) + 90)


def _judge(status: int, headers: dict[str, str] | None = None, said: str = "") -> HarnessError:
    error = judge(status, headers or {}, said, now=NOW)
    assert error is not None
    return error


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_good_answer_is_no_error(status: int) -> None:
    assert judge(status, {"x-ratelimit-remaining": "0"}, "rate limit", now=NOW) is None


@pytest.mark.parametrize(
    ("status", "headers", "said", "seconds"),
    [
        (429, {"retry-after": "17"}, "", 17),
        (403, {"retry-after": "17"}, "", 17),
        (503, {"retry-after": "17"}, "", 17),
        (403, {"retry-after": "Fri, 02 Jan 2026 03:05:05 GMT"}, "", 60),
        (429, {"retry-after": "Fri, 02 Jan 2026 03:00:00 GMT"}, "", 1),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, "", 91),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, "", 91),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 1),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, "", SECONDARY),
        (403, {"x-ratelimit-remaining": "0"}, "", SECONDARY),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1e300"}, "", LONGEST),
        (403, {}, "You have exceeded a secondary rate limit.", SECONDARY),
        (429, {}, "You have exceeded a secondary rate limit.", SECONDARY),
        (429, {}, "", SECONDARY),
        (429, {"retry-after": "nan"}, "", SECONDARY),
        (429, {"retry-after": "later"}, "", SECONDARY),
        (429, {"retry-after": "999999999"}, "", LONGEST),
        (429, {"retry-after": "-5"}, "", 1),
        (403, {}, "You have triggered an abuse detection mechanism", SECONDARY),
        (422, {}, "Validation Failed; was submitted too quickly", SECONDARY),
        (500, {}, "", TROUBLE),
        (502, {}, "Server Error", TROUBLE),
        (504, {}, "", TROUBLE),
        (408, {}, "", TROUBLE),
    ],
)
def test_wait(status: int, headers: dict[str, str], said: str, seconds: float) -> None:
    error = _judge(status, headers, said)
    assert isinstance(error, TryLater)
    assert error.seconds == seconds


def test_times_are_meant_by_githubs_clock_if_it_tells_it() -> None:
    headers = {
        "date": "Fri, 02 Jan 2026 03:04:35 GMT",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": RESET,
    }
    error = _judge(403, headers)
    assert isinstance(error, TryLater)
    assert error.seconds == 61


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (403, "Resource not accessible by integration", AccessLost),
        (403, "This installation has been suspended", AccessLost),
        (403, "", AccessLost),
        (451, "", AccessLost),
        (422, "Validation Failed; line must be part of the diff", Unprocessable),
        (403, "Unable to create comment because issue is locked.", GitHubError),
        (404, "Not Found", GitHubError),
        (401, "Bad credentials", GitHubError),
        (409, "Git Repository is empty.", GitHubError),
        (400, "Problems parsing JSON", GitHubError),
        (304, "", GitHubError),
        (301, "Moved Permanently", GitHubError),
        (206, "", GitHubError),
    ],
)
def test_refusals_keep_githubs_words(status: int, said: str, kind: type[HarnessError]) -> None:
    error = _judge(status, said=said)
    assert type(error) is kind
    assert said in error.message
    if isinstance(error, GitHubError):
        assert error.status == status


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, TryLater),
        ({"message": "You have exceeded a secondary rate limit"}, TryLater),
        ({"message": "Something went wrong while executing your query."}, TryLater),
        ({"type": "SERVICE_UNAVAILABLE", "message": "x"}, TryLater),
        ({"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}, GitHubError),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, AccessLost),
        ({"type": "INSUFFICIENT_SCOPES", "message": "x"}, AccessLost),
        ({"type": "UNPROCESSABLE", "message": "x"}, Unprocessable),
        ({"message": "Field 'nope' doesn't exist"}, GitHubError),
        ("not an object", GitHubError),
        (None, GitHubError),
    ],
)
def test_graphql_errors(error: object, kind: type[HarnessError]) -> None:
    judged = judge_graphql([error], {}, now=NOW)
    assert type(judged) is kind
    if isinstance(error, dict):
        assert str(error["message"]) in judged.message


def test_a_graphql_limit_waits_as_its_headers_say() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}
    error = judge_graphql([{"type": "RATE_LIMITED"}], headers, now=NOW)
    assert isinstance(error, TryLater)
    assert error.seconds == 91
    missing = judge_graphql([{"type": "NOT_FOUND"}], headers, now=NOW)
    assert isinstance(missing, GitHubError)
    assert missing.status == 404


@pytest.mark.parametrize(
    ("method", "status", "headers", "expected"),
    [
        ("GET", 502, {}, True),
        ("GET", 503, {}, True),
        ("GET", 503, {"retry-after": "1"}, False),
        ("GET", 500, {}, False),
        ("POST", 502, {}, False),
        ("PATCH", 503, {}, False),
    ],
)
def test_only_reading_is_repeated_at_once(
    method: str, status: int, headers: dict[str, str], expected: bool
) -> None:
    assert is_quick(method, status, headers) is expected


@given(
    status=st.integers(100, 599).filter(lambda s: s not in (200, 201, 202, 204)),
    headers=st.dictionaries(
        st.sampled_from(
            ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "server"]
        ),
        st.one_of(st.text(max_size=30), st.integers().map(str), st.floats().map(str)),
    ),
    said=st.text(max_size=50),
)
def test_every_answer_has_a_verdict_and_every_wait_is_bounded(
    status: int, headers: dict[str, str], said: str
) -> None:
    error = _judge(status, headers, said)
    again = type(error)(*error.args)
    assert again.args == error.args
    if isinstance(error, TryLater):
        assert 1 <= error.seconds <= LONGEST
    wait = retry_after(headers, NOW)
    assert wait is None or 1 <= wait <= LONGEST
