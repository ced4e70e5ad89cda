"""The life of an issue: one table, and the one function that refuses.

| | found | found in changed code | fixed | left | dismissed | restored |
|---|---|---|---|---|---|---|
| – | new | new | | | | |
| new | persistent | persistent | addressed | stale | dismissed | |
| persistent | persistent | persistent | addressed | stale | dismissed | |
| reopened | persistent | persistent | addressed | stale | dismissed | |
| addressed | reopened | reopened | | | dismissed | reopened |
| stale | reopened | reopened | | | dismissed | reopened |
| dismissed | dismissed | reopened | | | | reopened |

An empty cell is refused: nothing closes an issue twice, and what a person dismissed is neither
fixed nor stale. (What nobody was ever told is new whenever it is found; `bot.findings.identity`.)
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import HarnessError
from bot.models import Act, IssueState

_OPEN: Mapping[Act, IssueState] = {
    Act.FOUND: IssueState.PERSISTENT,
    Act.CHANGED: IssueState.PERSISTENT,
    Act.FIXED: IssueState.ADDRESSED,
    Act.LEFT: IssueState.STALE,
    Act.DISMISSED: IssueState.DISMISSED,
}
_CLOSED: Mapping[Act, IssueState] = {
    Act.FOUND: IssueState.REOPENED,
    Act.CHANGED: IssueState.REOPENED,
    Act.DISMISSED: IssueState.DISMISSED,
    Act.RESTORED: IssueState.REOPENED,
}
TABLE: Mapping[IssueState | None, Mapping[Act, IssueState]] = {
    None: {Act.FOUND: IssueState.NEW, Act.CHANGED: IssueState.NEW},
    IssueState.NEW: _OPEN,
    IssueState.PERSISTENT: _OPEN,
    IssueState.REOPENED: _OPEN,
    IssueState.ADDRESSED: _CLOSED,
    IssueState.STALE: _CLOSED,
    IssueState.DISMISSED: {
        Act.FOUND: IssueState.DISMISSED,
        Act.CHANGED: IssueState.REOPENED,
        Act.RESTORED: IssueState.REOPENED,
    },
}

OPEN = frozenset(state for state in IssueState if TABLE[state] is _OPEN)
"""The states that count in a verdict."""


class NotPossible(HarnessError):
    """An act that has no meaning in this state; the message is for people."""


def after(state: IssueState | None, act: Act) -> IssueState:
    """The state that ``act`` leads to; `NotPossible` where the table has no cell."""
    found = TABLE[state].get(act)
    if found is None:
        was = "an issue that nobody found" if state is None else f"an issue that is {state.value}"
        raise NotPossible(f"{was} cannot be {act.value}")
    return found


def table_markdown() -> str:
    """The table, for the documentation; a test keeps the copy above equal to it."""
    acts = list(Act)
    lines = ["| | " + " | ".join(acts) + " |", "|---" * (len(acts) + 1) + "|"]
    for state, cells in TABLE.items():
        row = [cells[act].value if act in cells else "" for act in acts]
        lines.append(f"| {state.value if state else '–'} | " + " | ".join(row) + " |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)
