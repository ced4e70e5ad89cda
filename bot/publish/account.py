"""What of one agent's events its log keeps: a budget, and no secrets.

The narrative and how it ended are kept whole, tool calls and token counts beyond the budget are
counted, and one warning says how many are missing.

Secrets are taken out of the narrative as if it were one text, because words come in pieces: the end
of a piece that may be half a secret waits for the next piece, or for the agent's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from bot.models import AssistantText, Event, Finished, RunError, Started, Tokens, ToolCall
from bot.publish.flow import Flow
from bot.publish.redact import redact

BUDGET = 256 * 1024
"""Characters of tool calls, token counts and warnings for each agent."""
NARRATIVE = 4 * 1024 * 1024
"""As much of a narrative as can be an answer (`bot.agents.lines.MAX_ANSWER`)."""
MAX_ERROR = 64 * 1024
"""Of one fatal error: its text may quote what an agent wrote to stderr."""
_OVERHEAD = 64


class Account:
    """What one agent has used of its budgets, and its words on their way."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._secrets = secrets
        self._words = Flow(secrets)
        self._budget = BUDGET
        self._narrative = NARRATIVE
        self._elided = 0
        self._tokens: Tokens | None = None
        """The newest totals that were elided: they are written at the end."""

    def heard(self, event: Event) -> list[Event]:
        """What goes into the log; before an end, the last words and what was left out."""
        match event:
            case AssistantText(text=text):
                return self._said(self._words.push(text))
            case ToolCall(name=name, args=args):
                clean = [redact(text, self._secrets) for text in (name, args)]
                return self._afforded(replace(event, name=clean[0], args=clean[1]))
            case RunError(message=message, warning=warning):
                # Cut afterwards: half a secret is not seen as one.
                told = replace(event, message=redact(message, self._secrets)[:MAX_ERROR])
                return self._afforded(told) if warning else [*self.closed(), told]
            case Tokens():
                return self._afforded(event)
            case Finished():
                return [*self.closed(), event]
            case Started():
                return [event]
            case _:
                assert_never(event)

    def closed(self) -> list[Event]:
        """The last words, and what was left out up to here."""
        last = self._said(self._words.end())
        if not self._elided:
            return last
        tokens, count = self._tokens, self._elided - (self._tokens is not None)
        self._elided, self._tokens = 0, None
        told = RunError(message=f"{count:,} events left out of this log", warning=True)
        return [*last, *([tokens] if tokens is not None else []), *([told] if count else [])]

    def _said(self, pieces: Sequence[str]) -> list[Event]:
        kept: list[Event] = []
        for text in pieces:
            taken = min(len(text), self._narrative)
            self._narrative -= taken
            self._elided += taken < len(text)
            kept += [AssistantText(text=text[:taken])] if taken else []
        return kept

    def _afforded(self, event: Event) -> list[Event]:
        if (needed := size(event)) <= self._budget:
            self._budget -= needed
            return [event]
        self._elided += 1
        self._tokens = event if isinstance(event, Tokens) else self._tokens
        return []


def size(event: Event) -> int:
    """Characters, and a little for the event itself."""
    texts = (getattr(event, name, "") for name in ("text", "name", "args", "message"))
    return _OVERHEAD + sum(map(len, texts))
