"""Names that people type and machines compare."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without look-alikes (no 0/O, 1/I/L, U)."""


def random_id(prefix: str, length: int = 10) -> str:
    """A fresh id such as ``r-7KQ2M9WXHT``; 30 symbols a place."""
    return f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def content_id(prefix: str, content: str, length: int = 4) -> str:
    """The same content gives the same id; callers lengthen it when two contents collide."""
    number = int.from_bytes(hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest())
    places: list[str] = []
    for _ in range(length):
        number, place = divmod(number, len(ALPHABET))
        places.append(ALPHABET[place])
    return f"{prefix}-" + "".join(places)
