"""What an answer of GitHub means: go on, wait, give up, or tell.

Pure. Waiting is an error that carries a time; nobody sleeps here. GitHub's rules:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import AccessLost, GitHubError, HarnessError, TryLater, Unprocessable
from bot.github.payload import sentence

QUICK_PAUSE = 0.5
"""Seconds before what only reads is tried once more in process."""
TROUBLE = 10.0
"""Seconds after a failure on GitHub's side or on the way there."""
SECONDARY = 60.0
"""GitHub asks for at least a minute after a secondary limit that names no time."""
LONGEST = 2 * 3600.0
"""A primary limit resets within the hour; a header that says more is not believed."""

_GOOD = frozenset({200, 201, 202, 204})
_LIMIT_WORDS = ("rate limit", "abuse detection", "submitted too quickly")
_NOT_ABOUT_ACCESS = ("locked", "too large")
"""403s about one thing, not about what the App may do in the repository."""


def judge(
    status: int, headers: Mapping[str, str], said: str, *, now: datetime
) -> HarnessError | None:
    """The error that an answer is, or None. Header names are lower case."""
    if status in _GOOD:
        return None
    limited = _limit(status, headers, said, now)
    if limited is not None:
        return limited
    if status >= 500 or status == 408:
        wait = retry_after(headers, now) or TROUBLE
        return TryLater(_told(f"GitHub is in trouble (status {status})", said), wait)
    return _refusal(status, said)


def judge_graphql(
    errors: Sequence[Any], headers: Mapping[str, str], *, now: datetime
) -> HarnessError:
    """GraphQL answers 200 and puts what went wrong into the body."""
    kinds = {str(e.get("type", "")) for e in errors if isinstance(e, Mapping)}
    said = sentence([e.get("message") if isinstance(e, Mapping) else e for e in errors])
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"} or _is_limit(said):
        return TryLater(_told("GitHub's rate limit is used up", said), _wait(headers, now))
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return AccessLost(_told("GitHub refuses this to the App", said))
    if "NOT_FOUND" in kinds:
        return GitHubError(_told("GitHub does not know this", said), 404)
    if "UNPROCESSABLE" in kinds:
        return Unprocessable(_told("GitHub cannot apply this", said))
    if kinds & {"SERVICE_UNAVAILABLE", "INTERNAL"} or "something went wrong" in said.lower():
        return TryLater(_told("GitHub is in trouble", said), TROUBLE)
    return GitHubError(_told("GitHub refuses this query", said), 200)


def is_quick(method: str, status: int, headers: Mapping[str, str]) -> bool:
    """Whether one more try at once is right: nothing was changed, and no time was named."""
    return method == "GET" and status in (502, 503) and "retry-after" not in headers


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, or a date; None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = _number(value)
    if seconds is None:
        moment = _date(value)
        seconds = None if moment is None else (moment - _server_time(headers, now)).total_seconds()
    return None if seconds is None else _bounded(seconds)


def _limit(status: int, headers: Mapping[str, str], said: str, now: datetime) -> TryLater | None:
    if status not in (403, 422, 429):
        return None
    used_up = headers.get("x-ratelimit-remaining", "").strip() == "0"
    named = "retry-after" in headers or used_up
    if status == 429 or _is_limit(said) or (status == 403 and named):
        what = "rate limit is used up" if used_up else "secondary rate limit applies"
        return TryLater(_told(f"GitHub's {what}", said), _wait(headers, now))
    return None


def _wait(headers: Mapping[str, str], now: datetime) -> float:
    named = retry_after(headers, now)
    if named is not None:
        return named
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = _number(headers.get("x-ratelimit-reset", ""))
        if reset is not None:
            # A second more: the reset is a whole second, and asking early costs another refusal.
            return _bounded(reset - _server_time(headers, now).timestamp() + 1)
    return SECONDARY


def _refusal(status: int, said: str) -> HarnessError:
    if status == 403 and not any(word in said.lower() for word in _NOT_ABOUT_ACCESS):
        return AccessLost(_told("GitHub refuses this to the App", said))
    if status == 451:
        return AccessLost(_told("GitHub has blocked the repository", said))
    if status == 422:
        return Unprocessable(_told("GitHub cannot apply this", said))
    return GitHubError(_told(f"GitHub answered {status}", said), status)


def _is_limit(said: str) -> bool:
    return any(words in said.lower() for words in _LIMIT_WORDS)


def _server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """GitHub's own clock if it tells it: its times are meant by that one."""
    return _date(headers.get("date", "")) or now


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST)


def _told(what: str, said: str) -> str:
    return f"{what}: {said}" if said else what
