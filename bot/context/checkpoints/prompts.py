"""Which of a session's prompts tell why: long enough to say something, and no chatter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.context.fence import clipped

LEAST = 40
"""Characters a prompt has more than, if it says what is wanted."""
MAX_PROMPT = 1_200
MAX_PROMPTS = 5
SEPARATOR = "\n\n---\n\n"
MAX_OF_A_SESSION = 200

_CHATTER = re.compile(
    r"^(?:this session is being continued|\[request interrupted|caveat: the messages below"
    r"|<(?:command-(?:name|message|args)|local-command-|bash-|system-reminder|task-notification)"
    r"|you are (?:an? )?(?:expert|helpful|code review|reviewer)|base directory for this skill"
    r"|set model to|compacted|\[image)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<(system-reminder|command-[a-z]+)>.*?</\1>", re.DOTALL | re.IGNORECASE)


def split_prompts(text: str) -> tuple[str, ...]:
    """As ``prompt.txt`` joins them."""
    parts = text.replace("\r\n", "\n").split(SEPARATOR)
    return tuple(part.strip() for part in parts[-MAX_OF_A_SESSION:])


def telling(prompts: Iterable[str]) -> tuple[str, ...]:
    """Those that tell why, in the order given, each once and none too long."""
    cleaned = (" ".join(_MARKUP.sub(" ", prompt[: 4 * MAX_PROMPT]).split()) for prompt in prompts)
    good = (text for text in cleaned if len(text) > LEAST and not _CHATTER.match(text))
    return tuple(dict.fromkeys(clipped(text, MAX_PROMPT) for text in good))
