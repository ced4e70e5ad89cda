"""Trailers of other tools: which agents say that they helped. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.context.checkpoints.trailers import Trailer
from bot.models.checkpoints import Provenance

_SAYS_SO = frozenset({"assisted-by", "generated-by", "ai-assisted-by", "entire-agent"})
_AGENTS = re.compile(
    r"\b(?:claude|codex|copilot|gemini|cursor|devin|aider|amp|windsurf|openhands|jules|opencode"
    r"|chatgpt|gpt-[0-9]|anthropic|openai)\b",
    re.IGNORECASE,
)
_COAUTHORS = frozenset({"co-authored-by"})
MAX_WHO = 120
MAX_ROWS = 20


def provenance(said: Iterable[tuple[str, Iterable[Trailer]]]) -> tuple[Provenance, ...]:
    """From (commit, its trailers): each agent once with its commits, the first named first."""
    commits: dict[tuple[str, str], list[str]] = {}
    for sha, trailers in said:
        for trailer in trailers:
            token = trailer.token.lower()
            helped = token in _SAYS_SO or (token in _COAUTHORS and _AGENTS.search(trailer.value))
            if helped and trailer.value:
                row = commits.setdefault((token, trailer.value[:MAX_WHO]), [])
                if sha not in row:
                    row.append(sha)
    rows = [Provenance(token=t, who=who, commits=tuple(c)) for (t, who), c in commits.items()]
    return tuple(rows[:MAX_ROWS])
