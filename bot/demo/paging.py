"""Pages of a list, with GitHub's ``Link`` header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

T = TypeVar("T")

DEFAULT = 30
MAXIMUM = 100


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """GitHub takes what is not a positive number for the default."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**31 else default


def page(
    items: Sequence[T], query: Mapping[str, str], url: str
) -> tuple[Sequence[T], dict[str, str]]:
    """The asked page and its headers; ``url`` is the list's address without a query."""
    size = min(number(query, "per_page", DEFAULT), MAXIMUM)
    wanted = number(query, "page", 1)
    last = max(1, -(-len(items) // size))
    links = []
    if wanted > 1:
        links += [("prev", min(wanted - 1, last)), ("first", 1)]
    if wanted < last:
        links = [("next", wanted + 1), ("last", last), *links]
    header = ", ".join(f'<{url}?{_query(query, to)}>; rel="{name}"' for name, to in links)
    shown = items[(wanted - 1) * size : wanted * size]
    return shown, {"Link": header} if header else {}


def cursor_page(
    items: Sequence[T], query: Mapping[str, str], url: str, ids: Sequence[int]
) -> tuple[Sequence[T], dict[str, str]]:
    """The hook deliveries are the one list paged by cursor instead of by number."""
    size = min(number(query, "per_page", DEFAULT), MAXIMUM)
    cursor = query.get("cursor", "")
    start = next((i for i, known in enumerate(ids) if str(known) == cursor), 0)
    shown = items[start : start + size]
    if start + size >= len(items):
        return shown, {}
    more = urlencode({**query, "cursor": ids[start + size], "per_page": size})
    return shown, {"Link": f'<{url}?{more}>; rel="next"'}


def _query(query: Mapping[str, str], to: int) -> str:
    return urlencode({**query, "page": to})
