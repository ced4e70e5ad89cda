"""Proof that a body comes from whoever knows the secret."""

from __future__ import annotations

import hmac

HEADER = "X-Hub-Signature-256"


def verify(secret: bytes, body: bytes, signature: str) -> bool:
    """SHA-256 over the raw bytes, compared in constant time."""
    expected = "sha256=" + hmac.digest(secret, body, "sha256").hex()
    # As bytes: a header may hold characters that comparing texts refuses.
    return hmac.compare_digest(expected.encode(), signature.encode(errors="surrogateescape"))
