"""Takes secrets out of text: those this process knows, and whatever looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
SHORTEST = 6
"""Shorter "secrets" would redact ordinary words."""

# Each starts at the beginning of a token (look-behind), so that a long hostile token is read once.
LOOKS_SECRET = re.compile(
    r"""
      -----BEGIN\ [A-Z0-9\ ]{0,40}PRIVATE\ KEY-----
          .*? (?: -----END\ [A-Z0-9\ ]{0,40}PRIVATE\ KEY----- | \Z )
    | (?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{16,}
    | (?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}
    | (?<![\w-])sk-[A-Za-z0-9_-]{16,}
    | (?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}
    | (?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}
    | (?<![\w-])AIza[A-Za-z0-9_-]{30,}
    | (?<![\w-])glpat-[A-Za-z0-9_-]{16,}
    | (?<![\w-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*
    """,
    re.VERBOSE | re.DOTALL,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets and without anything spelled like a credential."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, REDACTED)
    return LOOKS_SECRET.sub(REDACTED, text)
