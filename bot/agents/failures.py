"""Tells what a vendor's error message is about: which kind of failure people have to act on.

The words are the vendors' own and our gateway's. Where nothing fits it is a crash, with the
message kept: a server's error is nobody's login.
"""

from __future__ import annotations

import json
import re

from bot.models import FailureKind, RunError

MAX_MESSAGE = 2_000
_LOOKED_AT = 8_000

_CERTAIN = (
    (FailureKind.BUDGET, r"over budget|max_budget|maximum budget"),
    (FailureKind.NETWORK, r"cannot (be reached|reach)"),
    (FailureKind.LOGIN, r"api key not valid|invalid (x-)?api.?key|authenticat|unauthorized"),
    (
        FailureKind.QUOTA,
        r"insufficient_quota|exceeded your current quota|daily quota|billing|credit balance",
    ),
)
"""These words tell more than the status beside them: an invalid key is a 400 for one vendor, and an
empty account a 429 for another."""

_LIKELY = (
    (
        FailureKind.RATE_LIMIT,
        r"\b429\b|rate.?limit|too many requests|resource.(has been )?exhausted",
    ),
    (FailureKind.CRASHED, r"stream closed before response|malformed"),
    (FailureKind.TIMEOUT, r"timed? ?out|etimedout|deadline exceeded"),
    (
        FailureKind.NETWORK,
        r"econn|enotfound|eai_again|connection (refused|failed|error|reset)|fetch failed"
        r"|stream disconnected|unable to connect|cannot connect|network",
    ),
    (FailureKind.REFUSED, r"invalid_request|max(imum)?[ _]?(number of |session )?turns|turnlimit"),
)
"""A stream that is whole and lacks its end is the server's doing; one that tears, the network's."""

_STATUS = re.compile(r'(?:status:?|error:|\(|"code": ?)\s*([45]\d\d)\b', re.IGNORECASE)
_BY_STATUS = {
    401: FailureKind.LOGIN,
    402: FailureKind.QUOTA,
    403: FailureKind.LOGIN,
    408: FailureKind.TIMEOUT,
    429: FailureKind.RATE_LIMIT,
    504: FailureKind.TIMEOUT,
}


def fatal(message: str, *, status: int | None = None, word: str = "") -> RunError:
    """The error that ends a stream. ``word`` is the vendor's own name for it, if it has one."""
    return RunError(message=plain(message), kind=kind_of(f"{word} {message}", status))


def retry(message: str, *, status: int | None = None) -> RunError:
    """Trouble that the program itself tries to get over."""
    return RunError(message=plain(message), kind=kind_of(message, status), warning=True)


def kind_of(message: str, status: int | None = None) -> FailureKind:
    text = message[:_LOOKED_AT].lower()
    certain = _first(_CERTAIN, text)
    if certain is not None:
        return certain
    if status is None:
        found = _STATUS.search(text)
        status = int(found[1]) if found else None
    if status is not None and 400 <= status < 600:
        other = FailureKind.REFUSED if status < 500 else FailureKind.CRASHED
        return _BY_STATUS.get(status, other)
    return _first(_LIKELY, text) or FailureKind.CRASHED


def plain(message: str) -> str:
    """The sentence inside of JSON inside of JSON, which is how vendors pass on each other's."""
    text = message.strip()
    for _ in range(3):
        inner = _inner(text)
        if inner is None:
            break
        text = inner.strip()
    return text[:MAX_MESSAGE] or "no reason given"


def _first(rules: tuple[tuple[FailureKind, str], ...], text: str) -> FailureKind | None:
    return next((kind for kind, words in rules if re.search(words, text)), None)


def _inner(text: str) -> str | None:
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or len(text) > _LOOKED_AT:
        return None
    try:
        value = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    error = value.get("error", value) if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) and message.strip() else None
