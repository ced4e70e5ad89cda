"""Where a checkpoint lies, by its id, in each of the stores. Pure.

Ids come from commit messages that anybody may write: nothing but the two known forms ever becomes a
path or a reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.context.checkpoints.trailers import Trailer

TRAILER = "entire-checkpoint"
BRANCHES = ("refs/heads/entire/checkpoints/v1", "refs/remotes/origin/entire/checkpoints/v1")
"""A clone has the branch under the second name, unless somebody checked it out."""
_ID = re.compile(r"[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26}")
_SESSION_FILE = re.compile(
    r"metadata\.json|(?:0|[1-9]\d{0,2})/(?:metadata\.json|prompt\.txt|full\.jsonl)"
)


def checkpoint_ids(trailers: Iterable[Trailer]) -> tuple[str, ...]:
    """Each once, in their order."""
    ids = (t.value for t in trailers if t.token.lower() == TRAILER)
    return tuple(dict.fromkeys(value for value in ids if _ID.fullmatch(value)))


def folder(checkpoint: str) -> str:
    """On the branch."""
    return f"{checkpoint[:2]}/{checkpoint[2:]}"


def reference(checkpoint: str) -> str:
    """In the store that has one reference for each."""
    return f"refs/entire/checkpoints/{checkpoint[-2:]}/{checkpoint}"


def is_read(path: str) -> bool:
    """Whether a file of a checkpoint is one that is looked at."""
    return bool(_SESSION_FILE.fullmatch(path))
