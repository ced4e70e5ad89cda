"""Answers kept for conditional requests, per installation.

Raw bytes are kept and every reader decodes its own copy, so nobody can change what the next one
gets. An entry is used only when GitHub itself answers 304 to the asking token: what an
installation may no longer see, it does not get from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from cachetools import LRUCache

BYTES = 8 * 1024 * 1024
LARGEST = 1024 * 1024
DEFAULT_ACCEPT = "application/vnd.github.v3+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One answer: what gidgethub reads of its headers, and the body."""

    etag: str
    content_type: str
    link: str
    body: bytes


class EtagCache:
    """Bounded by bytes over all installations."""

    def __init__(self, size: int = BYTES) -> None:
        self._kept: LRUCache[tuple[int, str], Kept] = LRUCache(
            size, getsizeof=lambda kept: len(kept.body) + 512
        )

    def get(self, installation_id: int, url: str) -> Kept | None:
        return self._kept.get((installation_id, url))

    def put(self, installation_id: int, url: str, kept: Kept) -> None:
        if len(kept.body) <= LARGEST:
            self._kept[installation_id, url] = kept
