"""Lists of GitHub, page by page, as far as they are believable."""

from __future__ import annotations

from typing import Any

from bot.errors import GitHubError
from bot.github.client import GitHubClient
from bot.github.payload import items

PER_PAGE = 100
PAGES = 100


async def collect(client: GitHubClient, path: str, *, key: str = "") -> list[Any]:
    """Everything behind ``path``; ``key`` names the list when a page is an object.

    The client refuses a next page at another address. A list without end is an error: a caller
    that looks for its own comment must not take "not among the first" for "not there".
    """
    found: list[Any] = []
    seen: set[str] = set()
    url: str | None = path
    while url is not None:
        if url in seen or len(seen) >= PAGES:
            raise GitHubError(f"GitHub's list has no end within {PAGES} pages: {path}")
        seen.add(url)
        data, url = await client.page(url)
        found.extend(items(data, key))
    return found
