"""Which other repository holds the checkpoints, by ``.entire/settings.json`` of the base. Pure."""

from __future__ import annotations

import json
import re

PATH = ".entire/settings.json"
MAX_BYTES = 64 * 1024
_REPO = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_-]{0,99})/([A-Za-z0-9._-]{1,100})")


def other_repository(content: bytes | None) -> tuple[str, str] | None:
    """(owner, name); None where none is named, or not on GitHub."""
    if content is None or len(content) > MAX_BYTES:
        return None
    try:
        options = json.loads(content)["strategy_options"]["checkpoint_remote"]
        provider, repo = options["provider"], options["repo"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if provider != "github" or not isinstance(repo, str):
        return None
    match = _REPO.fullmatch(repo)
    return (match[1], match[2]) if match and set(match[2]) != {"."} else None
